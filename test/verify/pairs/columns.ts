import { edgeTypes, mysqlEdgeTypes } from '@tsmolt/testkit';
import type { SeededRandom } from '@tsmolt/testkit';
import * as make from './random-values.js';
import type { RandomText } from './random-values.js';

/** One column of the table that holds every type. */
export interface TypedColumn {
  readonly name: string;
  /** As in the column's declaration. */
  readonly type: string;
  /** Statements that make what the type needs. */
  readonly setup: readonly string[];
  /** The values at the type's edges, as SQL. */
  readonly edges: readonly string[];
  /** A random value as SQL; types without are filled from the edges. */
  readonly random?: (random: SeededRandom) => string;
}

/** Rows of random values; a row of a type has the type's edge of that number first. */
export function valueAt(column: TypedColumn, row: number, random: SeededRandom): string {
  const edge = column.edges[row];
  if (edge !== undefined) return edge;
  if (row === column.edges.length || random.below(12) === 0) return 'NULL';
  return column.random?.(random) ?? random.pick([column.edges[0] ?? 'NULL', ...column.edges]);
}

/** Values of a megabyte prove nothing more about a type, in many rows. */
const isHuge = (sql: string): boolean => sql.includes('repeat(') || sql.includes('REPEAT(');

/** @param version the lower `server_version_num` of both sides */
export function postgresColumns(version: number): TypedColumn[] {
  return edgeTypes.flatMap((edge, index) => {
    if ((edge.minVersion ?? 0) > version || edge.optional === true) return [];
    const random = postgresRandom[edge.type];
    const column: TypedColumn = {
      name: `c${index + 1}`,
      type: edge.type,
      setup: edge.setup ?? [],
      edges: edge.values.filter((value) => !isHuge(value)).map((value) => `(${value})::${edge.type}`),
    };
    if (random === undefined) return [column];
    const written = (made: SeededRandom): string => `${asPostgres(random(made))}::${edge.type}`;
    return [{ ...column, random: written }];
  });
}

export function mysqlColumns(product: 'mysql' | 'mariadb'): TypedColumn[] {
  return mysqlEdgeTypes.flatMap(({ type, values, only }, index) => {
    if (only !== undefined && only !== product) return [];
    const random = mysqlRandom[type];
    const edges = values.map(({ sql }) => sql).filter((sql) => !isHuge(sql));
    const column: TypedColumn = { name: `c${index + 1}`, type, setup: [], edges };
    return [random === undefined ? column : { ...column, random }];
  });
}

export function asPostgres(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

export function asMysql(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

const flag: RandomText = (random) => random.pick(['t', 'f']);
const bytes: RandomText = (random) => `\\x${make.hexadecimal(6)(random)}`;
const zoned =
  (moment: RandomText): RandomText =>
  (random) =>
    `${moment(random)}${random.pick(['+00', '-07:30', '+14', '+05:45'])}`;
const float8 = make.float(17, 300);

const postgresRandom: Readonly<Record<string, RandomText>> = {
  boolean: flag,
  smallint: make.wholeNumber(16),
  integer: make.wholeNumber(32),
  bigint: make.wholeNumber(64),
  oid: make.wholeNumber(32, true),
  numeric: make.decimal(65, 40),
  'numeric(65,30)': make.decimal(35, 30),
  'numeric(12,2)': make.decimal(10, 2),
  real: make.float(9, 37),
  'double precision': float8,
  text: make.text(12),
  varchar: make.text(12),
  'varchar(5)': make.text(5),
  'char(5)': make.text(5),
  bytea: bytes,
  uuid: make.uuid,
  json: make.document(3),
  jsonb: make.document(3),
  date: make.date,
  time: make.time(6),
  'time(0)': make.time(0),
  timetz: zoned(make.time(6)),
  timestamp: make.moment(6),
  'timestamp(3)': make.moment(3),
  timestamptz: zoned(make.moment(6)),
  'timestamptz(0)': zoned(make.moment(0)),
  interval: make.interval,
  'bit(8)': make.bits(8, true),
  'bit(65)': make.bits(65, true),
  varbit: make.bits(70, false),
  'varbit(3)': make.bits(3, false),
  inet: make.address,
  'int[]': make.array(make.wholeNumber(32)),
  'text[]': make.array(make.text(5)),
  'numeric[]': make.array(make.decimal(20, 20)),
  'double precision[]': make.array(float8),
  'boolean[]': make.array(flag),
  'bytea[]': make.array(bytes),
  'timestamptz[]': make.array(zoned(make.moment(6))),
  'interval[]': make.array(make.interval),
  'uuid[]': make.array(make.uuid),
  'jsonb[]': make.array(make.document(1)),
  'json[]': make.array(make.document(1)),
  'date[]': make.array(make.date),
  'edge.mood': (random) => random.pick(['ok', 'it\'s "fine"', ' ', 'naïve 😀', '\\N', 'NULL']),
};

type RandomSql = (random: SeededRandom) => string;

const quoted =
  (text: RandomText): RandomSql =>
  (random) =>
    asMysql(text(random));
const binary =
  (length: number): RandomSql =>
  (random) =>
    `X'${make.hexadecimal(length)(random)}'`;
const bitField =
  (length: number): RandomSql =>
  (random) =>
    `b'${make.bits(length, true)(random)}'`;
const letters = quoted(make.text(12));

const mysqlRandom: Readonly<Record<string, RandomSql>> = {
  tinyint: make.wholeNumber(8),
  'tinyint(1)': (random) => random.pick(['0', '1']),
  'tinyint unsigned': make.wholeNumber(8, true),
  smallint: make.wholeNumber(16),
  'smallint unsigned': make.wholeNumber(16, true),
  mediumint: make.wholeNumber(24),
  'mediumint unsigned': make.wholeNumber(24, true),
  int: make.wholeNumber(32),
  'int unsigned': make.wholeNumber(32, true),
  'int(8) zerofill': make.wholeNumber(32, true),
  bigint: make.wholeNumber(64),
  'bigint unsigned': make.wholeNumber(64, true),
  'decimal(65,0)': make.decimal(65, 0),
  'decimal(65,30)': make.decimal(35, 30),
  'decimal(12,2)': make.decimal(10, 2),
  float: make.float(9, 37),
  double: float8,
  'bit(13)': bitField(13),
  'bit(64)': bitField(64),
  'varchar(100) CHARACTER SET utf8mb4': letters,
  'varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin': letters,
  'varchar(100) CHARACTER SET utf16': letters,
  'char(10) CHARACTER SET utf8mb4': quoted(make.text(10)),
  'tinytext CHARACTER SET utf8mb4': letters,
  'longtext CHARACTER SET utf8mb4': letters,
  'binary(4)': binary(4),
  'varbinary(20)': binary(20),
  longblob: binary(40),
  date: quoted(make.date),
  time: quoted(make.time(0)),
  'time(6)': quoted(make.time(6)),
  datetime: quoted(make.moment(0)),
  'datetime(3)': quoted(make.moment(3)),
  'datetime(6)': quoted(make.moment(6)),
  'timestamp NULL': quoted(make.instant(0)),
  'timestamp(6) NULL': quoted(make.instant(6)),
  year: (random) => String(1901 + random.below(255)),
  json: quoted(make.document(3)),
  uuid: quoted(make.uuid),
  'char(36)': quoted(make.uuid),
};
