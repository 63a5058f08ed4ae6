import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

/** Modules that only adapters may import; everything else gets them handed in. */
const outsideWorld = [
  "ioredis",
  "bullmq",
  "@grpc/*",
  "node:fs",
  "node:fs/*",
  "node:http",
  "node:net",
];

/** A service never imports another one; the embedded mode's wiring is the one exception. */
const otherServices = [
  "@mef3-cluster/gateway/*",
  "@mef3-cluster/decoder/*",
  "@mef3-cluster/results/*",
];

function restrict(...patterns) {
  return {
    "no-restricted-imports": [
      "error",
      { patterns: patterns.map((group) => ({ group: [group], allowTypeImports: true })) },
    ],
  };
}

export default tseslint.config(
  {
    ignores: [
      "**/dist/**",
      "**/build/**",
      "**/build-*/**",
      "**/coverage/**",
      "conformance/**",
      "**/*.js",
      "eslint.config.mjs",
    ],
  },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "env",
          message: "read the environment in packages/runtime/src/environment.ts only",
        },
      ],
      "max-lines": ["error", { max: 350, skipComments: true, skipBlankLines: true }],
      "default-param-last": "error",
    },
  },
  { files: ["packages/contracts/src/**"], rules: restrict("@mef3-cluster/*", ...outsideWorld) },
  {
    files: ["packages/tiles/src/**"],
    ignores: ["packages/tiles/src/redis-*.ts"],
    rules: restrict("@mef3-cluster/runtime/*", ...otherServices, ...outsideWorld),
  },
  {
    files: ["packages/runtime/src/**"],
    rules: restrict("@mef3-cluster/tiles/*", ...otherServices),
  },
  {
    files: ["services/decoder/src/**"],
    rules: restrict("@mef3-cluster/gateway/*", "@mef3-cluster/results/*", "@grpc/*"),
  },
  {
    files: ["services/gateway/src/**"],
    ignores: ["services/gateway/src/embedded/**", "services/gateway/src/**/*.test.ts"],
    rules: restrict(...otherServices),
  },
  {
    files: ["services/gateway/src/read-path/**"],
    ignores: ["**/*.test.ts"],
    rules: restrict(...otherServices, ...outsideWorld),
  },
  {
    files: ["**/*.test.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  prettier,
);
