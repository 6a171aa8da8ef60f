import { displayName } from '@tsmolt/core';
import type { HashColumn, RowText } from '@tsmolt/core';
import type { FoundRow } from './found-row.js';
import type { Side } from './plan-comparison.js';
import { hashedSet, idOf } from './row-sets.js';
import type { TableWork } from './row-sets.js';
import { cannotDivide, unlessTooLong } from './statement-limits.js';

/** Keys that one statement reads rows by. */
export const keysAtATime = 500;

/** Rows by what identifies them (`idOf`): the values of `Side.hashed`, then of `Side.byMeaning`. */
export type RowsById = ReadonlyMap<string, RowText>;

/** Reads rows of one side by their keys; at most `keysAtATime` of them, or everything is held in memory. */
export async function readRows(work: TableWork, side: Side, rows: readonly FoundRow[]): Promise<RowsById> {
  const { identityTypes } = work.comparison;
  const keys = rows.map((row) => keyOn(side, row));
  const found = await readByKey(work, side, keys);
  const width = side.key.length;
  return new Map(found.map((row) => [idOf(row.slice(0, width), identityTypes), row.slice(width)]));
}

/** Half as many keys at a time while that takes too long. */
async function readByKey(work: TableWork, side: Side, keys: readonly RowText[]): Promise<readonly RowText[]> {
  if (keys.length === 0) return [];
  const found = await unlessTooLong(() =>
    work.statement(side.name, (signal) =>
      side.verifier.readRows(
        hashedSet(work.comparison, side, {}, signal),
        [...side.hashed, ...side.byMeaning],
        keys,
      ),
    ),
  );
  if (found !== undefined) return found;
  if (keys.length === 1) throw cannotDivide(`${displayName(side.pair.source.name)}: statements for one row`);
  const middle = Math.ceil(keys.length / 2);
  const first = await readByKey(work, side, keys.slice(0, middle));
  return [...first, ...(await readByKey(work, side, keys.slice(middle)))];
}

/** The key as that side reads it: what only one side has was printed by that one. */
function keyOn(side: Side, row: FoundRow): RowText {
  const own = side.name === 'source' ? row.key : row.targetKey;
  return own.map((value, index) => truthOf(value, side.key[index]));
}

/** A truth value is a number where the engine has no other type for it. Texts of all other types are read by all engines. */
function truthOf(value: string | null, column: HashColumn | undefined): string | null {
  if (column?.type.kind !== 'integer') return value;
  if (value === 'true') return '1';
  return value === 'false' ? '0' : value;
}
