import type { Column, ForeignKey, Key, Table, TableName } from '@tsmolt/core';
import type { MysqlCapabilities } from '../connect/mysql-server.js';
import { logicalType, withoutEscapes } from '../types.js';
import { enumKey } from './enum-names.js';
import { isTrue } from './rows.js';
import type {
  CheckRow,
  ColumnRow,
  DatabaseRows,
  ForeignKeyColumnRow,
  IndexPartRow,
  Numeric,
  TableRow,
} from './rows.js';

/** A database has no schemas; MOLT presents its tables in this one. */
export const presentedSchema = 'public';

/** One table out of what was read about all of them. */
export function describeTable(row: TableRow, all: DatabaseRows, capabilities: MysqlCapabilities): Table {
  const columns = all.columns.get(row.table) ?? [];
  const indexes = indexesOf(presentParts(all.indexParts.get(row.table) ?? [], columns));
  const checks = all.checks.get(row.table) ?? [];
  const keys = indexes.flatMap((index) => (index.key === undefined ? [] : [index.key]));
  const primaryKey = keys.find((key) => key.name === primaryKeyName);
  const context: ColumnContext = {
    all,
    capabilities,
    documents: columns.map((column) => column.name).filter((name) => checks.some(holdsDocument(name))),
    keyColumns: new Set(keys.flatMap((key) => key.columns)),
  };
  return {
    name: { schema: presentedSchema, table: row.table },
    columns: columns.map((column) => describeColumn(column, context)),
    ...(primaryKey === undefined ? {} : { primaryKey }),
    uniqueKeys: keys.filter((key) => key !== primaryKey),
    foreignKeys: foreignKeysOf(all.foreignKeyColumns.get(row.table) ?? [], all.database.name),
    checks: checks
      .filter((check) => !context.documents.some((name) => holdsDocument(name)(check)))
      .map(nameOf),
    indexedColumns: [...new Set(indexes.flatMap((index) => index.firstColumn ?? []))],
    partitioned: isTrue(row.partitioned),
    readable: columns.every((column) => column.privileges.split(',').includes('select')),
    estimate: { rows: Number(row.row_estimate), bytes: Number(row.bytes) },
  };
}

/** The name that every primary key has. */
const primaryKeyName = 'PRIMARY';

interface ColumnContext {
  readonly all: DatabaseRows;
  readonly capabilities: MysqlCapabilities;
  /** Columns that MariaDB was told to be JSON. */
  readonly documents: readonly string[];
  readonly keyColumns: ReadonlySet<string>;
}

function describeColumn(row: ColumnRow, context: ColumnContext): Column {
  const { capabilities } = context;
  const generated = /\b(VIRTUAL|STORED|PERSISTENT) GENERATED\b/.exec(row.extra);
  const expression = generated === null ? undefined : generationOf(row, capabilities);
  const collation = collationOf(row, context);
  return {
    name: row.name,
    type: logicalType({
      dataType: row.data_type,
      columnType: row.column_type,
      ...given('maxLength', row.max_length),
      ...given('precision', row.precision),
      ...given('scale', row.scale),
      ...given('datetimePrecision', row.datetime_precision),
      ...enumNameOf(row, context.all),
      checkedAsJson: context.documents.includes(row.name),
    }),
    nativeType: row.column_type,
    nullable: isTrue(row.nullable),
    generated: generated !== null,
    identity: /\bauto_increment\b/.test(row.extra) ? 'by default' : 'never',
    hasDefault: row.default_value !== null && !(capabilities.defaultsAsSql && row.default_value === 'NULL'),
    ...(collation === undefined ? {} : { collation }),
    ...(row.character_set === null ? {} : { characterSet: row.character_set }),
    ...(expression === undefined ? {} : { generation: { expression, stored: generated?.[1] !== 'VIRTUAL' } }),
  };
}

function given<Name extends string>(name: Name, value: Numeric | null): { [key in Name]?: number } {
  return value === null ? {} : ({ [name]: Number(value) } as { [key in Name]?: number });
}

function enumNameOf(row: ColumnRow, all: DatabaseRows): { enumName?: { schema: string; name: string } } {
  const name = all.enumNames.get(enumKey({ table: row.table, column: row.name }));
  return name === undefined ? {} : { enumName: { schema: presentedSchema, name } };
}

/** The bounds of a row's life in a system-versioned table have no expression. */
function generationOf(row: ColumnRow, { escapedGeneration }: MysqlCapabilities): string | undefined {
  if (row.generation === null || /^ROW (START|END)$/.test(row.generation)) return undefined;
  return escapedGeneration ? withoutEscapes(row.generation) : row.generation;
}

/** Keys say theirs always: whether two keys are equal depends on it. */
function collationOf(row: ColumnRow, { all, documents, keyColumns }: ColumnContext): string | undefined {
  if (row.collation === null || documents.includes(row.name)) return undefined;
  const telling = keyColumns.has(row.name) || row.collation !== all.database.collation;
  return telling ? row.collation : undefined;
}

/** MariaDB makes `JSON` a LONGTEXT with exactly this check. */
function holdsDocument(column: string): (check: CheckRow) => boolean {
  const clause = `json_valid(\`${column.replaceAll('`', '``')}\`)`;
  return (check) => check.clause === clause;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

/** A system-versioned table has the end of a row's life in each key; among the rows of now the rest is unique. */
function presentParts(parts: readonly IndexPartRow[], columns: readonly ColumnRow[]): IndexPartRow[] {
  const end = columns.find((column) => column.generation === 'ROW END')?.name;
  return parts.filter(({ column }) => end === undefined || column !== end);
}

interface Index {
  /** Set where it is unique and made of columns alone. */
  readonly key?: Key;
  /** Set where a range of it can be read. */
  readonly firstColumn?: string;
}

function indexesOf(parts: readonly IndexPartRow[]): Index[] {
  return [...grouped(parts, nameOf)].map(([name, group]) => {
    const columns = group.flatMap(({ column }) => column ?? []);
    const [first] = group;
    const unique = first !== undefined && isTrue(first.is_unique) && columns.length === group.length;
    const readable = first !== undefined && first.column !== null && isTrue(first.usable);
    return {
      ...(unique ? { key: { name, columns } } : {}),
      ...(readable ? { firstColumn: first.column } : {}),
    };
  });
}

function foreignKeysOf(rows: readonly ForeignKeyColumnRow[], database: string): ForeignKey[] {
  return [...grouped(rows, nameOf)].map(([name, group]) => ({
    name,
    columns: group.map(({ column }) => column),
    target: targetOf(group[0], database),
    targetColumns: group.map(({ target_column }) => target_column),
  }));
}

function targetOf(row: ForeignKeyColumnRow | undefined, database: string): TableName {
  const schema = row?.target_schema ?? '';
  return { schema: schema === database ? presentedSchema : schema, table: row?.target_table ?? '' };
}

/** Rows by key, keys and rows in the order in which they came. */
export function grouped<Row>(rows: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}
