import type { RowText } from '@tsmolt/core';
import type { FoundRow } from './judge-rows.js';
import type { Side } from './plan-comparison.js';
import { hashedSet, keyId } from './row-sets.js';
import type { RangeWork } from './row-sets.js';
import { sameMeaning } from './same-meaning.js';

/**
 * Compares the columns that the engines print in different ways: their values are read from both sides and compared here.
 *
 * @param found rows that differ anyway: they are not found again
 * @returns the rows that differ in these columns alone
 */
export async function compareByMeaning(work: RangeWork, found: readonly FoundRow[]): Promise<FoundRow[]> {
  const { comparison } = work;
  if (comparison.source.byMeaning.length === 0 || !comparison.keyed) return [];
  const known = new Set(found.map(({ key }) => keyId(key)));
  const [left, right] = await Promise.all([scan(work, comparison.source), scan(work, comparison.target)]);
  const different: FoundRow[] = [];
  for (const [id, row] of left) {
    const other = right.get(id);
    if (other === undefined || known.has(id)) continue;
    const same = comparison.source.byMeaning.every(({ type }, index) =>
      sameMeaning(row.values[index] ?? null, other.values[index] ?? null, type),
    );
    if (!same) different.push({ kind: 'mismatch', key: row.key });
  }
  return different;
}

interface ScannedRow {
  readonly key: RowText;
  readonly values: RowText;
}

async function scan(work: RangeWork, side: Side): Promise<Map<string, ScannedRow>> {
  const rows = new Map<string, ScannedRow>();
  const width = side.key.length;
  await work.limited(side.name, async () => {
    for await (const row of side.verifier.scanRows(hashedSet(work, side), side.byMeaning)) {
      const key = row.slice(0, width);
      rows.set(keyId(key), { key, values: row.slice(width) });
    }
  });
  return rows;
}
