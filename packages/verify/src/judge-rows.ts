import { createHash } from 'node:crypto';
import type { RowText } from '@tsmolt/core';
import type { FoundRow } from './compare-share.js';
import type { Side } from './plan-comparison.js';
import type { DifferentColumn } from './report.js';
import { hashedSet, idOf } from './row-sets.js';
import type { RangeWork } from './row-sets.js';
import { sameMeaning } from './same-meaning.js';

/** Keys that one statement reads rows by. */
const keysAtATime = 500;

/**
 * Reads the rows that are there on both sides and that hashes say differ, and compares them value by value: rows that mean
 * the same are let go. The first of the others are named.
 */
export async function judgeRows(work: RangeWork, found: readonly FoundRow[]): Promise<FoundRow[]> {
  const different = found.filter(({ kind }) => kind !== 'mismatch');
  for (const row of different) name(work, row, []);
  const doubtful = found.filter(({ kind }) => kind === 'mismatch');
  for (let start = 0; start < doubtful.length; start += keysAtATime) {
    for (const { row, columns } of await readMismatches(work, doubtful.slice(start, start + keysAtATime))) {
      different.push(row);
      name(work, row, columns);
    }
  }
  return different;
}

function name(work: RangeWork, { kind, key }: FoundRow, columns: readonly DifferentColumn[]): void {
  if (!work.named.wanted) return;
  const names = work.comparison.identityNames;
  const named = names.map((column, index) => [column, shown(key[index] ?? null, work.redact)] as const);
  work.named.add({ kind, key: Object.fromEntries(named), columns });
}

interface Mismatched {
  readonly row: FoundRow;
  readonly columns: readonly DifferentColumn[];
}

async function readMismatches(work: RangeWork, rows: readonly FoundRow[]): Promise<Mismatched[]> {
  const { source, target, identityTypes } = work.comparison;
  const [left, right] = await Promise.all([
    readByKey(work, source, rows.map(({ key }) => key)),
    readByKey(work, target, rows.map(({ targetKey }) => targetKey)),
  ]); // prettier-ignore
  return rows
    .map((row) => {
      const id = idOf(row.key, identityTypes);
      return { row, columns: differingColumns(work, left.get(id), right.get(id)) };
    })
    .filter(({ columns }) => columns.length > 0);
}

/** Values of hashed columns, then of those compared by meaning. */
async function readByKey(
  work: RangeWork,
  side: Side,
  keys: readonly RowText[],
): Promise<ReadonlyMap<string, RowText>> {
  const rows = await work.limited(side.name, () =>
    side.verifier.readRows(hashedSet(work, side, {}), [...side.hashed, ...side.byMeaning], keys),
  );
  const width = side.key.length;
  return new Map(
    rows.map((row) => [idOf(row.slice(0, width), work.comparison.identityTypes), row.slice(width)]),
  );
}

/** None, where one side has lost the row since it was hashed and so has the other. */
function differingColumns(
  { comparison, redact }: RangeWork,
  left: RowText | undefined,
  right: RowText | undefined,
): DifferentColumn[] {
  const { source, hashedTypes, byMeaningTypes } = comparison;
  const types = [...hashedTypes, ...byMeaningTypes];
  return [...source.hashed, ...source.byMeaning].flatMap((column, index) => {
    const [mine, other] = [left?.[index] ?? null, right?.[index] ?? null];
    if (sameMeaning(mine, other, types[index] ?? column.type)) return [];
    return [{ name: column.name, source: shown(mine, redact), target: shown(other, redact) }];
  });
}

/** A value, or its hash where values are not to be seen. */
function shown(value: string | null, redact: boolean): string | null {
  if (value === null || !redact) return value;
  return `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 16)}`;
}
