import { createHash } from 'node:crypto';

/** A column whose type is an enum. */
export interface EnumColumn {
  readonly table: string;
  readonly column: string;
}

/** PostgreSQL cuts longer names (`NAMEDATALEN`), and then two of them may be one. */
const longestName = 63;

/**
 * Names for the enum types of the columns, by `enumKey`: `<table>_<column>_enum`. They do not depend on which tables a run
 * migrates, for the types of an earlier run may be there already.
 *
 * @param columns all enum columns of the database
 * @param taken names that types must not have: a table is a type, too
 */
export function enumNames(
  columns: readonly EnumColumn[],
  taken: readonly string[],
): ReadonlyMap<string, string> {
  const counts = new Map(taken.map((name) => [name, 1]));
  for (const column of columns) counts.set(plainName(column), (counts.get(plainName(column)) ?? 0) + 1);
  return new Map(
    columns.map((column) => {
      const name = plainName(column);
      const fits = counts.get(name) === 1 && Buffer.byteLength(name) <= longestName;
      return [enumKey(column), fits ? name : distinctName(column)];
    }),
  );
}

export function enumKey({ table, column }: EnumColumn): string {
  return JSON.stringify([table, column]);
}

function plainName({ table, column }: EnumColumn): string {
  return `${table}_${column}_enum`;
}

/** As much of the plain name as fits before a digest of table and column. */
function distinctName(column: EnumColumn): string {
  const suffix = `_${createHash('sha256').update(enumKey(column)).digest('hex').slice(0, 8)}`;
  const bytes = Buffer.from(plainName(column)).subarray(0, longestName - suffix.length);
  // A decoder that waits for more leaves out a character that was cut.
  return new TextDecoder().decode(bytes, { stream: true }) + suffix;
}
