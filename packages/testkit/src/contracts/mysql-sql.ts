import type { ContractSql, KeyShape } from './contract-sql.js';
import { mysqlDialect } from './mysql-dialect.js';

const digits = `(SELECT 0 AS d${Array.from({ length: 9 }, (_, index) => ` UNION ALL SELECT ${index + 1}`).join('')})`;

/** Both servers limit recursion, and only one of them has tables of numbers. */
function series(first: number, last: number): string {
  const places = [1, 10, 100, 1000, 10_000];
  const number = places.map((place) => `d${place}.d * ${place}`).join(' + ');
  const tables = places.map((place) => `${digits} AS d${place}`).join(', ');
  return `(SELECT i FROM (SELECT ${first} + ${number} AS i FROM ${tables}) AS n WHERE i <= ${last}) AS s`;
}

const hash = 'SHA2(i, 256)';
const uuid = `CONCAT_WS('-', LEFT(${hash}, 8), MID(${hash}, 9, 4), MID(${hash}, 13, 4), MID(${hash}, 17, 4), MID(${hash}, 21, 12))`;

const filled = (expression: string, first: number, last: number): string =>
  `INSERT INTO t SELECT ${expression} FROM ${series(first, last)}`;

const numberKeys: readonly KeyShape[] = [
  ['an int key', 'CREATE TABLE t (id int PRIMARY KEY)', filled('i', 1, 3000)],
  [
    'a bigint key with its extremes',
    'CREATE TABLE t (id bigint PRIMARY KEY)',
    filled('i', -1000, 2000),
    'INSERT INTO t VALUES (-9223372036854775808), (9223372036854775807)',
  ],
  [
    'an unsigned key with its extremes',
    'CREATE TABLE t (id bigint unsigned PRIMARY KEY)',
    filled('i', 0, 2000),
    'INSERT INTO t VALUES (18446744073709551615), (9223372036854775808)',
  ],
  [
    'a decimal key',
    'CREATE TABLE t (id decimal(65,30) PRIMARY KEY)',
    filled('i / 7', -1000, 2000),
    `INSERT INTO t VALUES (${'9'.repeat(35)}.${'9'.repeat(30)})`,
  ],
  ['a float key', 'CREATE TABLE t (id float PRIMARY KEY)', filled('i / 7e0', -1000, 2000)],
  [
    'a double key as wide as doubles are',
    'CREATE TABLE t (id double PRIMARY KEY)',
    filled('i / 7e0', -1000, 2000),
    'INSERT INTO t VALUES (1.7e308), (-1.7e308), (5e-324)',
  ],
];

const collations = ['utf8mb4_general_ci', 'utf8mb4_unicode_ci', 'utf8mb4_danish_ci', 'utf8mb4_bin'];

const textKeys: readonly KeyShape[] = [
  [
    'a uuid key in text',
    'CREATE TABLE t (id char(36) CHARACTER SET ascii PRIMARY KEY)',
    filled(uuid, 1, 3000),
  ],
  [
    'a uuid key in bytes',
    'CREATE TABLE t (id binary(16) PRIMARY KEY)',
    filled(`UNHEX(LEFT(${hash}, 32))`, 1, 3000),
    `INSERT INTO t VALUES (X'00'), (REPEAT(X'ff', 16))`,
  ],
  ...collations.map((collation): KeyShape => [
    `a text key sorted by ${collation}`,
    `CREATE TABLE t (id varchar(100) CHARACTER SET utf8mb4 COLLATE ${collation} PRIMARY KEY)`,
    filled(`CONCAT('it''s \\\\ ', ${hash})`, 1, 2000),
    filled(`LEFT(${hash}, 30)`, 1, 500),
    `INSERT INTO t VALUES (''), ('aa'), ('Åb'), ('ß'), ('😀'), ('🐀x'), ('"'), ('a,b'), ('z  y'), ('end ')`,
  ]),
  [
    'a latin1 key',
    'CREATE TABLE t (id varchar(80) CHARACTER SET latin1 PRIMARY KEY)',
    filled(`CONCAT('é', ${hash})`, 1, 2500),
    `INSERT INTO t VALUES ('ÿ'), ('')`,
  ],
  [
    'a key of bytes',
    'CREATE TABLE t (id varbinary(40) PRIMARY KEY)',
    filled(`CONCAT(X'00', UNHEX(${hash}))`, 1, 2500),
    `INSERT INTO t VALUES (X''), (X'00'), (X'0000'), (X'5c27'), (X'ff')`,
  ],
];

const otherKeys: readonly KeyShape[] = [
  [
    'a key of a date and a time',
    'CREATE TABLE t (day date, moment time(3), PRIMARY KEY (day, moment))',
    filled(`DATE '2020-01-01' + INTERVAL i % 50 DAY, SEC_TO_TIME(i)`, 1, 3000),
  ],
  [
    'a key of an instant',
    'CREATE TABLE t (moment timestamp(6) PRIMARY KEY)',
    filled(`TIMESTAMP '2024-03-31 00:00:00' + INTERVAL i * 7 SECOND`, 1, 3000),
  ],
  [
    'a composite key whose first column repeats',
    'CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))',
    filled('i % 3, i', 1, 3000),
  ],
  [
    'a composite key of four types',
    `CREATE TABLE t (e enum('z', 'a'), y year, b bit(9), s varchar(20), PRIMARY KEY (e, y, b, s))`,
    filled(`1 + i % 2, IF(i % 7 = 0, 0, 1950 + i % 5), i % 11, CONCAT('Ab', i)`, 1, 3000),
  ],
  ['no key', 'CREATE TABLE t (v text)', filled('i % 5', 1, 3000)],
  ['no row', 'CREATE TABLE t (id int PRIMARY KEY)'],
  ['one row', 'CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (7)'],
];

/** MySQL's and MariaDB's. */
export const mysqlSql: ContractSql = {
  dialect: mysqlDialect,
  series,
  analyze: 'ANALYZE TABLE t',
  failingCondition: 'exp(id * 1000) > 0',
  textType: 'text CHARACTER SET utf8mb4',
  literal: (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  loadsItsExports: false,
  shapes: [...numberKeys, ...textKeys, ...otherKeys],
};
