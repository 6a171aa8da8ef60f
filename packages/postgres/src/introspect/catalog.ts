import type { Catalog, Column, ForeignKey, Key, LogicalType, NameFilter, Table } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import type { PoolClient } from 'pg';
import { binaryLayout, logicalType } from '../types.js';
import type { NativeType, NativeTypes } from '../types.js';
import { columnsQuery, constraintsQuery, indexedColumnsQuery, tablesQuery, typesQuery } from './queries.js';

interface TableRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly readable: boolean;
  readonly bytes: number;
  readonly rows: number;
}

interface ColumnRow {
  readonly table_oid: string;
  readonly name: string;
  readonly type_oid: string;
  readonly typmod: number;
  readonly native_type: string;
  readonly not_null: boolean;
  readonly generated: boolean;
  readonly generation_expression: string | null;
  readonly generation_stored: boolean;
  readonly identity: string;
  readonly has_default: boolean;
  readonly collation: string | null;
}

interface ConstraintRow {
  readonly table_oid: string;
  readonly name: string;
  readonly kind: string;
  readonly columns: string[];
  readonly target_schema: string | null;
  readonly target_table: string | null;
  readonly target_columns: string[];
}

interface IndexedColumnRow {
  readonly table_oid: string;
  readonly name: string;
}

interface TypeRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly declaration: string;
  readonly element_oid: string | null;
  readonly base_oid: string | null;
  readonly base_typmod: number;
  readonly labels: string[] | null;
  readonly fields: { name: string; oid: number; typmod: number }[] | null;
}

/** Reads PostgreSQL's system catalogs, versions 11 to 18. */
export class PostgresCatalog implements Catalog {
  readonly #pool: SessionPool;
  readonly #versionNumber: number;

  constructor(pool: SessionPool, versionNumber: number) {
    this.#pool = pool;
    this.#versionNumber = versionNumber;
  }

  tables(filter: NameFilter): Promise<Table[]> {
    return this.#pool.use('reading the catalog', async (client) => {
      const { rows } = await client.query<TableRow>(tablesQuery);
      const wanted = rows.filter((row) => filter.matches({ schema: row.schema, table: row.name }));
      return wanted.length === 0 ? [] : this.#describe(client, wanted);
    });
  }

  async #describe(client: PoolClient, rows: readonly TableRow[]): Promise<Table[]> {
    const oids = rows.map((row) => row.oid);
    const types = await readTypes(client);
    const columns = await client.query<ColumnRow>(columnsQuery(this.#versionNumber), [oids]);
    const constraints = await client.query<ConstraintRow>(constraintsQuery, [oids]);
    const indexed = await client.query<IndexedColumnRow>(indexedColumnsQuery, [oids]);
    const columnsOf = byTable(columns.rows);
    const constraintsOf = byTable(constraints.rows);
    const indexedOf = byTable(indexed.rows);
    return rows.map((row) =>
      describeTable(row, {
        columns: columnsOf.get(row.oid) ?? [],
        constraints: constraintsOf.get(row.oid) ?? [],
        indexed: indexedOf.get(row.oid) ?? [],
        types,
      }),
    );
  }
}

function byTable<Row extends { readonly table_oid: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.table_oid);
    if (group === undefined) groups.set(row.table_oid, [row]);
    else group.push(row);
  }
  return groups;
}

/** Every type that a column can have, by its oid. */
export async function readTypes(client: PoolClient): Promise<NativeTypes> {
  const { rows } = await client.query<TypeRow>(typesQuery);
  return new Map(rows.map((row) => [Number(row.oid), nativeType(row)]));
}

function nativeType(row: TypeRow): NativeType {
  return {
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    declaration: row.declaration,
    ...(row.element_oid === null ? {} : { elementOid: Number(row.element_oid) }),
    ...(row.base_oid === null ? {} : { domainBase: { oid: Number(row.base_oid), typmod: row.base_typmod } }),
    ...(row.labels === null ? {} : { labels: row.labels }),
    ...(row.fields === null ? {} : { fields: row.fields }),
  };
}

interface OfTable {
  readonly columns: readonly ColumnRow[];
  readonly constraints: readonly ConstraintRow[];
  readonly indexed: readonly IndexedColumnRow[];
  readonly types: NativeTypes;
}

function describeTable(row: TableRow, { columns, constraints, indexed, types }: OfTable): Table {
  const primaryKey = constraints.find((constraint) => constraint.kind === 'p');
  return {
    name: { schema: row.schema, table: row.name },
    columns: columns.map((column) => describeColumn(column, types)),
    ...(primaryKey === undefined ? {} : { primaryKey: key(primaryKey) }),
    uniqueKeys: constraints.filter((constraint) => constraint.kind === 'u').map(key),
    foreignKeys: constraints.filter((constraint) => constraint.kind === 'f').map(foreignKey),
    checks: constraints.filter((constraint) => constraint.kind === 'c').map((constraint) => constraint.name),
    indexedColumns: [...new Set(indexed.map((column) => column.name))],
    partitioned: row.partitioned,
    readable: row.readable,
    estimate: { rows: Math.round(row.rows), bytes: row.bytes },
  };
}

function describeColumn(row: ColumnRow, types: NativeTypes): Column {
  const oid = Number(row.type_oid);
  const layout = binaryLayout(types, oid);
  return {
    name: row.name,
    type: columnType(types, row),
    nativeType: row.native_type,
    nullable: !row.not_null,
    generated: row.generated,
    identity: identity(row.identity),
    hasDefault: row.has_default,
    ...(row.collation === null ? {} : { collation: row.collation }),
    ...(row.generation_expression === null
      ? {}
      : { generation: { expression: row.generation_expression, stored: row.generation_stored } }),
    ...(layout === undefined ? {} : { binaryLayout: layout }),
  };
}

/** A native type keeps its modifiers (`geometry(Point,4326)`), which only the column's own declaration shows. */
function columnType(types: NativeTypes, row: ColumnRow): LogicalType {
  const type = logicalType(types, Number(row.type_oid), row.typmod);
  return type.kind === 'native' ? { kind: 'native', name: row.native_type } : type;
}

/** `pg_attribute.attidentity` */
function identity(code: string): Column['identity'] {
  if (code === 'a') return 'always';
  return code === 'd' ? 'by default' : 'never';
}

function key(row: ConstraintRow): Key {
  return { name: row.name, columns: row.columns };
}

function foreignKey(row: ConstraintRow): ForeignKey {
  return {
    name: row.name,
    columns: row.columns,
    target: { schema: row.target_schema ?? '', table: row.target_table ?? '' },
    targetColumns: row.target_columns,
  };
}
