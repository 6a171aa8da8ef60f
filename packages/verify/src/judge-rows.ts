import { createHash } from 'node:crypto';
import type { RowText } from '@tsmolt/core';
import type { Side } from './plan-comparison.js';
import type { DifferentColumn, DifferentRow } from './report.js';
import { hashedSet, keyId } from './row-sets.js';
import type { RangeWork } from './row-sets.js';
import { sameMeaning } from './same-meaning.js';

/** A row that is not the same, before anybody has read it. */
export interface FoundRow {
  readonly kind: DifferentRow['kind'];
  readonly key: RowText;
}

/** Keys that one statement reads rows by. */
const keysAtATime = 500;

/**
 * Reads the rows that are there on both sides and that hashes say differ, and compares them value by value: rows that mean
 * the same are let go. The first of the others are described.
 */
export async function judgeRows(
  work: RangeWork,
  found: readonly FoundRow[],
): Promise<{ readonly different: readonly FoundRow[]; readonly described: readonly DifferentRow[] }> {
  const different: FoundRow[] = found.filter(({ kind }) => kind !== 'mismatch');
  const described: DifferentRow[] = different
    .slice(0, work.named)
    .map(({ kind, key }) => ({ kind, key: namedKey(work, key), columns: [] }));
  const doubtful = found.filter(({ kind }) => kind === 'mismatch');
  for (let start = 0; start < doubtful.length; start += keysAtATime) {
    for (const { row, columns } of await readMismatches(work, doubtful.slice(start, start + keysAtATime))) {
      different.push(row);
      if (described.length < work.named)
        described.push({ kind: row.kind, key: namedKey(work, row.key), columns });
    }
  }
  return { different, described };
}

interface Mismatched {
  readonly row: FoundRow;
  readonly columns: readonly DifferentColumn[];
}

async function readMismatches(work: RangeWork, rows: readonly FoundRow[]): Promise<Mismatched[]> {
  const { source, target } = work.comparison;
  const keys = rows.map(({ key }) => key);
  const [left, right] = await Promise.all([readByKey(work, source, keys), readByKey(work, target, keys)]);
  return rows
    .map((row) => ({
      row,
      columns: differingColumns(work, left.get(keyId(row.key)), right.get(keyId(row.key))),
    }))
    .filter(({ columns }) => columns.length > 0);
}

function namedKey({ comparison, redact }: RangeWork, key: RowText): Record<string, string | null> {
  return Object.fromEntries(
    comparison.source.key.map(({ name }, index) => [name, shown(key[index] ?? null, redact)]),
  );
}

/** Values of hashed columns, then of those compared by meaning, after the key's. */
async function readByKey(
  work: RangeWork,
  side: Side,
  keys: readonly RowText[],
): Promise<ReadonlyMap<string, RowText>> {
  const rows = await work.limited(side.name, () =>
    side.verifier.readRows(hashedSet(work, side), [...side.hashed, ...side.byMeaning], keys),
  );
  const width = side.key.length;
  return new Map(rows.map((row) => [keyId(row.slice(0, width)), row.slice(width)]));
}

function differingColumns(
  { comparison, redact }: RangeWork,
  left: RowText | undefined,
  right: RowText | undefined,
): DifferentColumn[] {
  const { source } = comparison;
  return [...source.hashed, ...source.byMeaning].flatMap(({ name, type }, index) => {
    const [mine, other] = [left?.[index] ?? null, right?.[index] ?? null];
    if (sameMeaning(mine, other, type)) return [];
    return [{ name, source: shown(mine, redact), target: shown(other, redact) }];
  });
}

/** A value, or its hash where values are not to be seen. */
function shown(value: string | null, redact: boolean): string | null {
  if (value === null || !redact) return value;
  return `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 16)}`;
}
