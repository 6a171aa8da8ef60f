import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * Prints what a person has to know of the report of vitest's JSON reporter, the most important last: what did not run,
 * what passed only when it was tried again, what failed and why, and at the end `N passed, N failed`. A test file that
 * could not even be loaded counts as one failure.
 *
 * `node scripts/test-count.mjs <file>`
 *
 * @typedef {{ status: string, fullName: string, ancestorTitles: string[], failureMessages: string[] | null }} Test
 * @typedef {{ status: string, name: string, message: string, assertionResults: Test[] }} TestFile
 */

const linesOfAFailure = 12;

const { testResults } = /** @type {{ testResults: TestFile[] }} */ (
  JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
);
const tests = testResults.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file })));
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const broken = testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
);

/** @param {string} text */
const beginning = (text) => text.split('\n').slice(0, linesOfAFailure).join('\n    ');
/** @param {TestFile} file */
const place = (file) => relative(process.cwd(), file.name);

/** @type {Map<string, number>} */
const unrun = new Map();
for (const { status, ancestorTitles, fullName } of tests) {
  if (status === 'passed' || status === 'failed') continue;
  const group = ancestorTitles.slice(0, 2).join(' ') || fullName;
  unrun.set(group, (unrun.get(group) ?? 0) + 1);
}
for (const [group, count] of unrun) console.log(`not run: ${count} of ${group}`);
for (const { file, fullName, failureMessages } of passed) {
  if ((failureMessages ?? []).length === 0) continue;
  console.log(
    `passed at the second try: ${fullName} (${place(file)})\n    ${beginning(failureMessages?.[0] ?? '')}`,
  );
}
for (const file of broken) console.log(`failed: ${place(file)}\n    ${beginning(file.message)}`);
for (const { file, fullName, failureMessages } of failed) {
  console.log(
    `failed: ${fullName} (${place(file)})\n    ${(failureMessages ?? []).map(beginning).join('\n    ')}`,
  );
}
console.log(`${passed.length} passed, ${failed.length + broken.length} failed`);
