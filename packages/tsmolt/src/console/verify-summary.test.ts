import type { RowCounts, VerifyReport } from '@tsmolt/verify';
import { expect, test } from 'vitest';
import { verifySummary } from './verify-summary.js';

const table = { schema: 'public', table: 'orders' };
const counts: RowCounts = {
  truthRows: 1200,
  success: 1190,
  conditionalSuccess: 0,
  missing: 4,
  mismatch: 5,
  extraneous: 2,
  liveRetry: 12,
  stillChanging: 1,
  columnMismatch: 0,
};

function report(more: Partial<VerifyReport>): VerifyReport {
  return {
    tables: [{ table, counts, rows: [] }],
    mismatches: [],
    missingTables: [],
    extraneousTables: [],
    verdict: 'different',
    equal: false,
    netMs: 1500,
    ...more,
  };
}

test('rows that are still changing and statements that were not run are said', () => {
  const repair = {
    file: 'repair.sql',
    statements: 11,
    unrepairable: [{ table, rows: 1, reason: 'the source changes them' }],
  };
  const summary = verifySummary(report({ repair }));
  expect(summary).toContain('still changing in public.orders: 1 rows\n');
  expect(summary).toContain('not repaired: 1 rows of public.orders: the source changes them\n');
  expect(summary).toContain('11 statements that repair the target are in repair.sql; none was run\n');
  expect(summary).toMatch(/The databases DIFFER \(/);
});

test('what became of a repair is said, and what the databases are afterwards', () => {
  const applied = { changedRows: 11, withoutEffect: 1, refused: 0, remaining: 0 };
  const repair = { file: 'repair.sql', statements: 12, unrepairable: [], applied };
  const summary = verifySummary(report({ repair, verdict: 'equal', equal: true }));
  expect(summary).toContain(
    'repaired: 11 rows changed, 1 statements without effect, 0 refused, 0 rows differ still',
  );
  expect(summary).toMatch(/The databases hold the same rows \(/);
});

test('what could not be told is not called equal', () => {
  expect(verifySummary(report({ verdict: 'undecided' }))).toMatch(/It is NOT KNOWN whether/);
});
