import type { HashedRow, RowText, Share } from '@tsmolt/core';
import type { FoundRow } from './found-row.js';
import type { Side } from './plan-comparison.js';
import { hashedSet, idOf } from './row-sets.js';
import type { RangeWork } from './row-sets.js';
import { sameMeaning } from './same-meaning.js';

/** Pairs the rows of a share by what identifies them: the key, or all columns of a table that has none. */
export async function compareShare(work: RangeWork, share: Share): Promise<FoundRow[]> {
  const { comparison } = work;
  const [left, right] = await Promise.all([
    rowsById(work, comparison.source, share),
    rowsById(work, comparison.target, share),
  ]);
  const found: FoundRow[] = [];
  for (const [id, rows] of left) found.push(...pairRows(work, rows, right.get(id) ?? []));
  for (const [id, rows] of right) if (!left.has(id)) found.push(...pairRows(work, [], rows));
  return found;
}

async function rowsById(work: RangeWork, side: Side, share: Share): Promise<Map<string, HashedRow[]>> {
  const { keyed, identityTypes, dealtBy } = work.comparison;
  // Columns have their own names on each side.
  const columns = share.columns === dealtBy ? side.dealtBy : side.hashed;
  const rows = await work.statement(side.name, (signal) =>
    side.verifier.hashRows(
      hashedSet(work.comparison, side, work.range, signal),
      { ...share, columns },
      side.byMeaning,
    ),
  );
  const found = new Map<string, HashedRow[]>();
  for (const row of rows) {
    const id = idOf(keyed ? row.key : [...row.key, ...row.values], identityTypes);
    const alike = found.get(id);
    if (alike === undefined) found.set(id, [row]);
    else alike.push(row);
  }
  return found;
}

/** Rows of one identity: one on each side, mostly. Equal ones cancel out; of the rest, pairs are mismatches. */
function pairRows(work: RangeWork, left: readonly HashedRow[], right: readonly HashedRow[]): FoundRow[] {
  const others = [...right];
  const unmatched = left.filter((row) => {
    const place = others.findIndex((other) => sameRow(work, row, other));
    if (place >= 0) others.splice(place, 1);
    return place < 0;
  });
  const name = (row: HashedRow): RowText => (work.comparison.keyed ? row.key : [...row.key, ...row.values]);
  return Array.from({ length: Math.max(unmatched.length, others.length) }, (_, index): FoundRow => {
    const [row, other] = [unmatched[index], others[index]];
    if (row === undefined)
      return { kind: 'extraneous', key: name(present(other)), targetKey: name(present(other)) };
    if (other === undefined) return { kind: 'missing', key: name(row), targetKey: name(row) };
    return { kind: 'mismatch', key: name(row), targetKey: name(other) };
  });
}

function present(row: HashedRow | undefined): HashedRow {
  if (row === undefined) throw new Error('a row is on neither side');
  return row;
}

function sameRow({ comparison }: RangeWork, row: HashedRow, other: HashedRow): boolean {
  // Rows without a key are the same when all of their columns are, which is what their identity says.
  if (!comparison.keyed) return true;
  return (
    row.hash === other.hash &&
    comparison.byMeaningTypes.every((type, index) =>
      sameMeaning(row.values[index] ?? null, other.values[index] ?? null, type),
    )
  );
}
