/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/packages", "<rootDir>/services", "<rootDir>/loadtest"],
  testMatch: ["**/src/**/*.test.ts"],
  transform: { "^.+\\.ts$": "@swc/jest" },
  // Tests run against the sources, so that no stale build can make them pass.
  moduleNameMapper: {
    "^@mef3-cluster/(contracts|tiles|runtime|client)/(.+)$": "<rootDir>/packages/$1/src/$2",
    "^@mef3-cluster/(gateway|decoder|results)/(.+)$": "<rootDir>/services/$1/src/$2",
  },
};
