"use strict";

/**
 * Writes the documentation that is generated from code; with `--check` writes
 * nothing and fails if a page is out of date.
 *
 * Reads the compiled sources: run `npx tsc --build` first.
 */

const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const ROOT = path.join(__dirname, "..");
const PAGE = "docs/configuration.md";

function renderPage() {
  const { renderConfigPage } = require("../packages/runtime/dist/config-docs");
  const gateway = require("../services/gateway/dist/config");
  return renderConfigPage([
    {
      title: "Gateway",
      schema: gateway.gatewayConfigSchema,
      obsolete: gateway.OBSOLETE_GATEWAY_NAMES,
    },
  ]);
}

function main() {
  const page = renderPage();
  const file = path.join(ROOT, PAGE);
  const current = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (current === page) return;
  if (process.argv.includes("--check")) {
    console.error(`${PAGE} is out of date: run npm run docs`);
    process.exitCode = 1;
    return;
  }
  writeFileSync(file, page);
  console.log(`wrote ${PAGE}`);
}

main();
