import type { RowText } from '@tsmolt/core';
import type { FoundRow } from './found-row.js';
import type { JudgedRow } from './judged-row.js';
import { keysAtATime, readRows } from './read-rows.js';
import type { RowsById } from './read-rows.js';
import type { DifferentColumn } from './report.js';
import { idOf } from './row-sets.js';
import type { RangeWork, TableWork } from './row-sets.js';
import { sameMeaning } from './same-meaning.js';

/**
 * Reads the rows that hashes say differ, and compares them value by value: rows that mean the same are let go, the others
 * counted. Rows that only one side has are read where somebody wants their values.
 */
export async function judgeRows(work: RangeWork, found: readonly FoundRow[]): Promise<void> {
  for (const rows of portions(found)) {
    const [source, target] = await Promise.all([
      readRows(work, work.comparison.source, toRead(work, rows, 'extraneous')),
      readRows(work, work.comparison.target, toRead(work, rows, 'missing')),
    ]);
    const judged = rows.flatMap((row) =>
      row.kind === 'mismatch'
        ? (judge(work, row, { source, target }) ?? [])
        : [withValues(work, row, { source, target })],
    );
    await work.findings.differ(judged);
  }
}

/** Mismatches that are not the same by meaning; what only one side has as it is. */
export async function doubtful(work: RangeWork, found: readonly FoundRow[]): Promise<FoundRow[]> {
  const rows = found.filter(({ kind }) => kind !== 'mismatch');
  for (const mismatches of portions(found.filter(({ kind }) => kind === 'mismatch'))) {
    const [source, target] = await Promise.all([
      readRows(work, work.comparison.source, mismatches),
      readRows(work, work.comparison.target, mismatches),
    ]);
    rows.push(...mismatches.filter((row) => judge(work, row, { source, target }) !== undefined));
  }
  return rows;
}

/** So many that one statement reads them. */
export function* portions<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += keysAtATime)
    yield items.slice(start, start + keysAtATime);
}

function toRead(work: RangeWork, rows: readonly FoundRow[], without: FoundRow['kind']): FoundRow[] {
  return rows.filter(({ kind }) => kind === 'mismatch' || (work.findings.wantsValues && kind !== without));
}

export interface BothSides {
  readonly source: RowsById;
  readonly target: RowsById;
}

/** How a row differs; undefined where both sides hold the same, which may be that neither has it. */
export function judge(work: TableWork, found: FoundRow, sides: BothSides): JudgedRow | undefined {
  const row = withValues(work, found, sides);
  if (row.source === undefined) return row.target === undefined ? undefined : { ...row, kind: 'extraneous' };
  if (row.target === undefined) return { ...row, kind: 'missing' };
  const columns = differingColumns(work, row.source, row.target);
  return columns.length === 0 ? undefined : { ...row, kind: 'mismatch', columns };
}

function withValues({ comparison }: TableWork, found: FoundRow, { source, target }: BothSides): JudgedRow {
  const id = idOf(found.key, comparison.identityTypes);
  const [left, right] = [source.get(id), target.get(id)];
  return {
    ...found,
    columns: [],
    ...(left === undefined ? {} : { source: left }),
    ...(right === undefined ? {} : { target: right }),
  };
}

function differingColumns({ comparison }: TableWork, left: RowText, right: RowText): DifferentColumn[] {
  const { source, hashedTypes, byMeaningTypes } = comparison;
  const types = [...hashedTypes, ...byMeaningTypes];
  return [...source.hashed, ...source.byMeaning].flatMap((column, index) => {
    const [mine, other] = [left[index] ?? null, right[index] ?? null];
    if (sameMeaning(mine, other, types[index] ?? column.type)) return [];
    return [{ name: column.name, source: mine, target: other }];
  });
}
