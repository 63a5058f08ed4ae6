"use strict";

// Lets a child process of a test run the TypeScript sources as they are:
// node --require .../run-typescript.js script.ts

const { existsSync, readFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { transformSync } = require("@swc/core");

const ROOT = path.join(__dirname, "..", "..", "..", "..");

require.extensions[".ts"] = (module, filename) => {
  const source = readFileSync(filename, "utf8");
  const swcrc = path.join(ROOT, ".swcrc");
  module._compile(transformSync(source, { filename, configFile: swcrc }).code, filename);
};

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolveToSources(request, ...rest) {
  const [, name, file] = /^@mef3-cluster\/([a-z]+)\/(.+)$/.exec(request) ?? [];
  const sources = ["packages", "services"].map((folder) =>
    path.join(ROOT, folder, `${name}`, "src", `${file}.ts`),
  );
  return (
    sources.find((source) => existsSync(source)) ?? resolveFilename.call(this, request, ...rest)
  );
};
