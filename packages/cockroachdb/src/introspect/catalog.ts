import type { Catalog, Column, ForeignKey, Key, NameFilter, Table } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import type { PoolClient } from 'pg';
import { logicalType } from '../types.js';
import type { EnumLabels } from '../types.js';
import {
  columnsQuery, constraintsQuery, enumsQuery, estimatesQuery, indexedColumnsQuery, tablesQuery, virtualColumnsQuery,
} from './queries.js'; // prettier-ignore

interface TableRow {
  readonly schema: string;
  readonly name: string;
}

interface OfTable {
  readonly schema: string;
  readonly table: string;
}

interface ColumnRow extends OfTable {
  readonly name: string;
  readonly sql_type: string;
  readonly udt_schema: string;
  readonly udt_name: string;
  readonly maybe_user_defined: boolean;
  readonly nullable: boolean;
  readonly generated: boolean;
  readonly generation_expression: string | null;
  readonly identity_generation: string | null;
  readonly has_default: boolean;
  readonly collation: string | null;
}

interface ConstraintRow extends OfTable {
  readonly name: string;
  readonly kind: string;
  readonly columns: string[];
  readonly target_schema: string | null;
  readonly target_table: string | null;
  readonly target_columns: string[];
}

interface NamedColumnRow extends OfTable {
  readonly name: string;
}

interface EstimateRow extends OfTable {
  readonly rows: string | null;
}

interface Described {
  readonly columns: Map<string, ColumnRow[]>;
  readonly constraints: Map<string, ConstraintRow[]>;
  readonly indexed: Map<string, NamedColumnRow[]>;
  readonly virtual: Map<string, NamedColumnRow[]>;
  readonly estimates: Map<string, EstimateRow[]>;
  readonly enums: EnumLabels;
}

/** Reads the current database's catalog: information_schema for what only CockroachDB has, pg_catalog for keys. */
export class CockroachCatalog implements Catalog {
  readonly #pool: SessionPool;

  constructor(pool: SessionPool) {
    this.#pool = pool;
  }

  tables(filter: NameFilter): Promise<Table[]> {
    return this.#pool.use('reading the catalog', async (client) => {
      const { rows } = await client.query<TableRow>(tablesQuery);
      const wanted = rows.filter((row) => filter.matches({ schema: row.schema, table: row.name }));
      if (wanted.length === 0) return [];
      const described = await describe(client);
      return wanted.map((row) => describeTable(row, described));
    });
  }
}

async function describe(client: PoolClient): Promise<Described> {
  const columns = await client.query<ColumnRow>(columnsQuery);
  const constraints = await client.query<ConstraintRow>(constraintsQuery);
  const indexed = await client.query<NamedColumnRow>(indexedColumnsQuery);
  const virtual = await client.query<NamedColumnRow>(virtualColumnsQuery);
  const estimates = await client.query<EstimateRow>(estimatesQuery);
  const labels = await client.query<{ schema: string; name: string; label: string }>(enumsQuery);
  const enums = new Map<string, string[]>();
  for (const row of labels.rows) append(enums, `${row.schema}.${row.name}`, row.label);
  return {
    columns: byTable(columns.rows),
    constraints: byTable(constraints.rows),
    indexed: byTable(indexed.rows),
    virtual: byTable(virtual.rows),
    estimates: byTable(estimates.rows),
    enums,
  };
}

function byTable<Row extends OfTable>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) append(groups, tableKey(row.schema, row.table), row);
  return groups;
}

function append<Value>(groups: Map<string, Value[]>, key: string, value: Value): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}

function tableKey(schema: string, table: string): string {
  return JSON.stringify([schema, table]);
}

function describeTable(row: TableRow, described: Described): Table {
  const key = tableKey(row.schema, row.name);
  const virtual = new Set(described.virtual.get(key)?.map(({ name }) => name));
  const columns = (described.columns.get(key) ?? []).map((column) =>
    describeColumn(column, described.enums, virtual),
  );
  const constraints = described.constraints.get(key) ?? [];
  const primary = constraints.find((constraint) => constraint.kind === 'p');
  const primaryKey = primary && visibleKey(primary, columns);
  return {
    name: { schema: row.schema, table: row.name },
    columns,
    ...(primaryKey === undefined ? {} : { primaryKey }),
    uniqueKeys: constraints.filter((constraint) => constraint.kind === 'u').map(plainKey),
    foreignKeys: constraints.filter((constraint) => constraint.kind === 'f').map(foreignKey),
    checks: constraints.filter((constraint) => constraint.kind === 'c').map((constraint) => constraint.name),
    indexedColumns: [...new Set((described.indexed.get(key) ?? []).map((column) => column.name))],
    partitioned: false,
    // Its catalog shows a user only the tables that the user has a privilege on.
    readable: true,
    // How many bytes they are, no statistic tells for all tables at once.
    estimate: { rows: Number(described.estimates.get(key)?.[0]?.rows ?? 0), bytes: 0 },
  };
}

/** A key of hidden columns alone (rowid) is no key of the user's; a hash shard's column in front of one is left out. */
function visibleKey(row: ConstraintRow, columns: readonly Column[]): Key | undefined {
  const visible = new Set(columns.map((column) => column.name));
  const names = row.columns.filter((name) => visible.has(name));
  return names.length === 0 ? undefined : { name: row.name, columns: names };
}

function plainKey(row: ConstraintRow): Key {
  return { name: row.name, columns: row.columns };
}

function foreignKey(row: ConstraintRow): ForeignKey {
  return {
    ...plainKey(row),
    target: { schema: row.target_schema ?? '', table: row.target_table ?? '' },
    targetColumns: row.target_columns,
  };
}

function describeColumn(row: ColumnRow, enums: EnumLabels, virtual: ReadonlySet<string>): Column {
  const expression = row.generation_expression ?? '';
  const userDefined = { schema: row.udt_schema, name: row.udt_name.replace(/^_/, '') };
  return {
    name: row.name,
    type: logicalType({ sqlType: row.sql_type, ...(row.maybe_user_defined ? { userDefined } : {}) }, enums),
    nativeType: row.sql_type,
    nullable: row.nullable,
    generated: row.generated,
    identity: identity(row.identity_generation),
    hasDefault: row.has_default,
    ...(row.generated && expression !== ''
      ? { generation: { expression, stored: !virtual.has(row.name) } }
      : {}),
    ...(row.collation === null ? {} : { collation: row.collation }),
  };
}

function identity(generation: string | null): Column['identity'] {
  if (generation === 'ALWAYS') return 'always';
  return generation === 'BY DEFAULT' ? 'by default' : 'never';
}
