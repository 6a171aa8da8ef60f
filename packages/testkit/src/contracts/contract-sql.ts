import type { ContractDialect } from './contract-dialect.js';
import { postgresDialect } from './postgres-dialect.js';

/** How the statements of the contracts for snapshots and hashes are written for one engine. */
export interface ContractSql {
  readonly dialect: ContractDialect;
  /** A table expression with the column `i`: the numbers from the first to the last. */
  readonly series: (first: number, last: number) => string;
  /** Refreshes the statistics of table `t`. */
  readonly analyze: string;
  /** A condition on `t (id int)` that the server cannot finish when the ids from 1 to 10 are there. */
  readonly failingCondition: string;
  /** A type for texts of any length and any character. */
  readonly textType: string;
  readonly literal: (text: string) => string;
  /** Tables `t` by what their key is: each has rows that are hard to cut. */
  readonly shapes: readonly KeyShape[];
  /** Whether the adapter can load what it exports. */
  readonly loadsItsExports: boolean;
}

/** What is special about it, and the statements that make it. */
export type KeyShape = readonly [string, ...string[]];

export const postgresSql: ContractSql = {
  dialect: postgresDialect,
  series: (first, last) => `generate_series(${first}, ${last}) AS s(i)`,
  analyze: 'ANALYZE t',
  failingCondition: '1 / (id - 5) > 0',
  textType: 'text',
  literal: (text) => `e'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  loadsItsExports: true,
  shapes: [
    ['an int key', 'CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t SELECT generate_series(1, 3000)'],
    [
      'an int8 key with its extremes',
      'CREATE TABLE t (id int8 PRIMARY KEY)',
      'INSERT INTO t SELECT generate_series(-1000, 2000)',
      'INSERT INTO t VALUES (-9223372036854775808), (9223372036854775807)',
    ],
    [
      'a float key',
      'CREATE TABLE t (id float8 PRIMARY KEY)',
      'INSERT INTO t SELECT i / 7.0 FROM generate_series(-1000, 2000) i',
    ],
    [
      'a float key with NaN and the infinities',
      'CREATE TABLE t (id float8 PRIMARY KEY)',
      'INSERT INTO t SELECT i / 7.0 FROM generate_series(-1000, 2000) i',
      `INSERT INTO t VALUES ('NaN'), ('Infinity'), ('-Infinity')`,
    ],
    [
      'a float key as wide as floats are',
      'CREATE TABLE t (id float8 PRIMARY KEY)',
      'INSERT INTO t SELECT i FROM generate_series(1, 2000) i',
      'INSERT INTO t VALUES (1.7e308), (-1.7e308)',
    ],
    [
      'a uuid key',
      'CREATE TABLE t (id uuid PRIMARY KEY)',
      'INSERT INTO t SELECT md5(i::text)::uuid FROM generate_series(1, 3000) i',
    ],
    [
      'a text key',
      'CREATE TABLE t (id text PRIMARY KEY)',
      `INSERT INTO t SELECT 'it''s \\ ' || md5(i::text) FROM generate_series(1, 3000) i`,
      `INSERT INTO t VALUES ('')`,
    ],
    [
      'a composite key whose first column repeats',
      'CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))',
      'INSERT INTO t SELECT i % 3, i FROM generate_series(1, 3000) i',
    ],
    ['no key', 'CREATE TABLE t (v text)', `INSERT INTO t SELECT i % 5 FROM generate_series(1, 3000) i`],
    ['no row', 'CREATE TABLE t (id int PRIMARY KEY)'],
    ['one row', 'CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (7)'],
  ],
};
