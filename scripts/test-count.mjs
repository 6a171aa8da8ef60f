import { readFileSync } from 'node:fs';

/**
 * Prints `N passed, N failed` from the report of vitest's JSON reporter: `node scripts/test-count.mjs <file>`. A test
 * file that could not even be loaded counts as one failure; what did not run is named on a line before.
 *
 * @typedef {{ status: string, fullName: string }} Test
 * @typedef {{ status: string, assertionResults: Test[] }} TestFile
 */

const report = /** @type {{ testResults: TestFile[] }} */ (
  JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
);
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
/** @param {string} status */
const countOf = (status) => tests.filter((test) => test.status === status).length;
const broken = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
);
const unrun = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');

for (const { fullName, status } of unrun) console.log(`not run (${status}): ${fullName}`);
console.log(`${countOf('passed')} passed, ${countOf('failed') + broken.length} failed`);
