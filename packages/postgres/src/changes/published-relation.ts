import type { TableName } from '@tsmolt/core';
import type { MessageCursor } from './message-cursor.js';

/** A column as a Relation message announces it, or as the catalog shows it. */
export interface PublishedColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typmod: number;
}

/** A Relation message: the shape of all rows of the table until the next one. */
export interface PublishedRelation {
  readonly oid: number;
  readonly name: TableName;
  /** `relreplident`: d the primary key, i an index, f the whole row, n nothing. */
  readonly identity: string;
  readonly columns: readonly (PublishedColumn & { readonly inIdentity: boolean })[];
}

/** Source: PostgreSQL manual, "Logical Replication Message Formats", Relation. */
export function readRelation(cursor: MessageCursor): PublishedRelation {
  const oid = cursor.uint32();
  // An empty name stands for pg_catalog, which no publication has.
  const name = { schema: cursor.name(), table: cursor.name() };
  const identity = String.fromCodePoint(cursor.byte());
  const columns = Array.from({ length: cursor.uint16() }, () => ({
    inIdentity: (cursor.byte() & 1) === 1,
    name: cursor.name(),
    typeOid: cursor.uint32(),
    typmod: cursor.int32(),
  }));
  return { oid, name, identity, columns };
}

/** The names of types by their oid, for sentences. */
export type TypeNames = ReadonlyMap<number, string>;

/**
 * What makes one shape another, in words; nothing where they are the same. A server tells the result of an ALTER TABLE
 * only, so that a column which took another's place looks as if it had been renamed.
 */
export function shapeDifference(
  before: readonly PublishedColumn[],
  after: readonly PublishedColumn[],
  types: TypeNames,
): string[] {
  const renamed = renamedColumns(before, after);
  const differences: string[] = [];
  for (const [from, to] of renamed) differences.push(`column "${from}" was renamed to "${to}"`);
  for (const column of before) {
    if (!renamed.has(column.name) && !hasName(after, column.name))
      differences.push(`column "${column.name}" was dropped`);
  }
  const newNames = new Set(renamed.values());
  for (const column of after) {
    const earlier = before.find(({ name }) => (renamed.get(name) ?? name) === column.name);
    if (earlier === undefined && !newNames.has(column.name))
      differences.push(`column "${column.name}" ${typeName(column, types)} was added`);
    if (earlier !== undefined) differences.push(...typeDifference(earlier, column, types));
  }
  if (differences.length === 0 && before.some(({ name }, index) => after[index]?.name !== name)) {
    differences.push('its columns are in another order');
  }
  return differences;
}

/** Columns that kept place and type, and have a name that no column had before. */
function renamedColumns(
  before: readonly PublishedColumn[],
  after: readonly PublishedColumn[],
): ReadonlyMap<string, string> {
  if (before.length !== after.length) return new Map();
  return new Map(
    before.flatMap((column, index) => {
      const now = after[index];
      const moved = now !== undefined && !hasName(before, now.name) && !hasName(after, column.name);
      return moved && now.typeOid === column.typeOid ? [[column.name, now.name] as const] : [];
    }),
  );
}

function hasName(columns: readonly PublishedColumn[], wanted: string): boolean {
  return columns.some(({ name }) => name === wanted);
}

function typeDifference(before: PublishedColumn, after: PublishedColumn, types: TypeNames): string[] {
  if (before.typeOid !== after.typeOid)
    return [
      `column "${after.name}" was changed from ${typeName(before, types)} to ${typeName(after, types)}`,
    ];
  if (before.typmod !== after.typmod)
    return [`column "${after.name}" ${typeName(after, types)} got another length or precision`];
  return [];
}

function typeName({ typeOid }: PublishedColumn, types: TypeNames): string {
  return types.get(typeOid) ?? `(type with oid ${typeOid})`;
}
