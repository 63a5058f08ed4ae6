"use strict";

/**
 * How many tests passed and failed, out of what the test programs report.
 * Each function throws if the report is not what it expects.
 */

/** From the last lines ctest prints. */
function countCtest(output) {
  const summary = /tests passed, (\d+) tests? failed out of (\d+)/.exec(output);
  if (summary === null) throw new Error("ctest printed no summary");
  const failed = Number(summary[1]);
  return { passed: Number(summary[2]) - failed, failed };
}

/** From the file that `jest --json --outputFile` writes. */
function countJest(report) {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(report);
  // A suite that does not load has no tests to count, so it counts itself.
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}

/** From the JUnit XML file that `pytest --junit-xml` writes. */
function countPytest(report) {
  const suite = /<testsuite\b[^>]*>/.exec(report)?.[0];
  if (suite === undefined) throw new Error("pytest wrote no test suite");
  const attribute = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? NaN);
  const failed = attribute("failures") + attribute("errors");
  const passed = attribute("tests") - failed - attribute("skipped");
  if (!Number.isInteger(passed)) throw new Error("pytest wrote a test suite without counts");
  return { passed, failed };
}

module.exports = { countCtest, countJest, countPytest };
