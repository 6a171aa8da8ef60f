import type { Column, Table } from '../src/schema.js';

/** A nullable integer unless the changes say otherwise. */
export function column(name: string, changes: Partial<Column> = {}): Column {
  const type = changes.type ?? { kind: 'integer', bits: 32 };
  return {
    name,
    type,
    nativeType: type.kind,
    nullable: true,
    generated: false,
    identity: 'never',
    hasDefault: false,
    ...changes,
  };
}

/** A table in `public` whose key is a column `id` unless the changes say otherwise. */
export function table(name: string, columns: readonly Column[], changes: Partial<Table> = {}): Table {
  return {
    name: { schema: 'public', table: name },
    columns: [column('id', { nullable: false }), ...columns],
    primaryKey: { name: 'k', columns: ['id'] },
    uniqueKeys: [],
    foreignKeys: [],
    checks: [],
    indexedColumns: [],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
    ...changes,
  };
}

export function withoutKey(one: Table): Table {
  const { primaryKey: _key, ...rest } = one;
  return rest;
}
