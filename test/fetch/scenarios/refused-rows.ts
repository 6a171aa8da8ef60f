import { bothTargets } from '../../support/scenario.js';
import type { Scenario } from '../../support/scenario.js';

/** Rows 1 to 100 of two tables; on the target something is against row 60 of the second. */
const twoTables = {
  PostgreSQL: [
    'CREATE TABLE a (id int PRIMARY KEY, n int)',
    'INSERT INTO a SELECT i, i FROM generate_series(1, 100) i',
    'CREATE TABLE b (id int PRIMARY KEY, n int, v text)',
    `INSERT INTO b SELECT i, i, CASE WHEN i = 60 THEN 'far too long' ELSE 'short' END FROM generate_series(1, 100) i`,
  ],
  MySQL: mysqlTwoTables(),
};

function mysqlTwoTables(): string[] {
  const numbers =
    'WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100)';
  return [
    'CREATE TABLE a (id int PRIMARY KEY, n int)',
    `INSERT INTO a ${numbers} SELECT i, i FROM numbers`,
    'CREATE TABLE b (id int PRIMARY KEY, n int, v text)',
    `INSERT INTO b ${numbers} SELECT i, i, IF(i = 60, 'far too long', 'short') FROM numbers`,
  ];
}

const target = (b: string): string[] => [
  'CREATE TABLE a (id INT4 PRIMARY KEY, n INT4)',
  `CREATE TABLE b ${b}`,
];

const inOrder = ['--table-concurrency', '1', '--export-concurrency', '1', '--flush-rows', '25'];

const counts = (a: string, b: string): Scenario['rows'] & object => ({
  'SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)': [[a, b]],
});

/** What a person finds who comes back to a failed load. */
const tokensOf = (table: string, file: string): Scenario => ({
  name: '',
  sources: {},
  routes: [],
  command: 'fetch tokens list',
  output: [
    /ID +\| +FETCH ID +\| +TABLE NAME +\| +FILE NAME/,
    new RegExp(`[0-9a-f-]{36} +\\| +[0-9a-f-]{36} +\\| +${table} +\\| +${file}`),
    /Continuation Tokens\./,
  ],
});

export const refusedRows: readonly Scenario[] = [
  {
    name: 'a check refuses a row: table and row are named, and its batch is not half there',
    sources: twoTables,
    routes: ['direct to PostgreSQL'],
    target: target('(id INT4 PRIMARY KEY, n INT4 CONSTRAINT n_small CHECK (n <> 60), v TEXT)'),
    flags: inOrder,
    exitCode: 1,
    rows: counts('100', '0'),
    log: [
      { message: /^Error: public\.b, shard 1: .*n_small/, level: 'error', code: 'TSM4001', advice: /./ },
      { message: 'data import on target for table complete', table: 'public.a', num_rows: 100 },
    ],
    noLog: [
      { message: 'data import on target for table complete', table: 'public.b' },
      { message: 'fetch complete' },
    ],
  },
  {
    name: 'a check refuses a row of a file: the files before it are loaded, the others can go on',
    sources: twoTables,
    routes: ['files, COPY to PostgreSQL', 'files, COPY to CockroachDB'],
    target: target('(id INT4 PRIMARY KEY, n INT4 CONSTRAINT n_small CHECK (n <> 60), v TEXT)'),
    flags: inOrder,
    exitCode: 1,
    rows: counts('100', '50'),
    log: [
      { message: /^Error: public\.b, public\.b\/shard_01_part_00000003\.csv: .*n_small/, code: 'TSM4001' },
      {
        message: 'table to continue',
        table: 'public.b',
        file: 'public.b/shard_01_part_00000003.csv',
        fetch_id: '{fetch id}',
      },
      { message: /run the same command again with --fetch-id/, level: 'warn' },
    ],
    next: [tokensOf('public.b', 'shard_01_part_00000003.csv')],
  },
  {
    name: 'a value is too long for the target',
    sources: { PostgreSQL: twoTables.PostgreSQL, MySQL: twoTables.MySQL },
    routes: bothTargets,
    target: target('(id INT4 PRIMARY KEY, n INT4, v VARCHAR(5))'),
    flags: [...inOrder, '--table-filter', '^b$'],
    exitCode: 1,
    log: [{ message: /^Error: .*public\.b/, code: /^TSM(3003|4001|4009)$/ }],
    noLog: [{ message: 'fetch complete' }],
  },
  {
    name: 'a key is there already: nothing of its batch is loaded',
    sources: twoTables,
    routes: ['direct to CockroachDB'],
    target: [...target('(id INT4 PRIMARY KEY, n INT4, v TEXT)'), `INSERT INTO b VALUES (60, 0, 'mine')`],
    flags: inOrder,
    exitCode: 1,
    rows: {
      ...counts('100', '1'),
      'SELECT id, n, v FROM b WHERE id = 60': [['60', '0', 'mine']],
    },
    log: [{ message: /^Error: public\.b, shard 1: .*duplicate key.*/, code: 'TSM4001' }],
  },
  {
    name: 'a key is there already: IMPORT INTO leaves the table as it was',
    sources: twoTables,
    routes: ['S3, IMPORT INTO CockroachDB'],
    target: [...target('(id INT4 PRIMARY KEY, n INT4, v TEXT)'), `INSERT INTO b VALUES (60, 0, 'mine')`],
    flags: inOrder,
    exitCode: 1,
    rows: {
      ...counts('100', '1'),
      'SELECT id, n, v FROM b WHERE id = 60': [['60', '0', 'mine']],
    },
    log: [
      { message: /^Error: .*public\.b.*(duplicate key|collides)/ },
      { message: 'table to continue', table: 'public.b', file: 'public.b/shard_01_part_00000001.csv.gz' },
    ],
    next: [tokensOf('public.b', 'shard_01_part_00000001.csv.gz')],
  },
];

/** Exports that fail on the way. */
export const failedExports: readonly Scenario[] = [
  {
    name: 'a row that the source cannot compute ends the export',
    sources: { PostgreSQL: twoTables.PostgreSQL, MySQL: twoTables.MySQL, },
    routes: bothTargets,
    configFiles: {
      'filter.json': {
        filters: [
          // More than a double can hold for row 60, in every product.
          { resource_specifier: { schema: 'public', table: 'b' }, expr: 'exp(CASE WHEN n = 60 THEN 100000.0 ELSE 1.0 END) > n - 1000' },
        ],
      },
    },
    flags: [...inOrder, '--table-handling', 'drop-on-target-and-recreate', '--filter-path', '{filter.json}'],
    exitCode: 1,
    rows: counts('100', '0'),
    log: [
      { message: /^Error: public\.b, shard 1: .*(out of range|overflow)/, level: 'error', advice: /./ },
      { message: 'data import on target for table complete', table: 'public.a', num_rows: 100 },
    ],
    noLog: [{ message: 'fetch complete' }],
  }, // prettier-ignore
  {
    name: 'a connection that the source ends each time ends the export, after the attempts that were asked for',
    sources: { PostgreSQL: twoTables.PostgreSQL },
    routes: ['direct to PostgreSQL', 'files, COPY to PostgreSQL'],
    configFiles: {
      'filter.json': {
        filters: [
          {
            resource_specifier: { schema: 'public', table: 'b' },
            expr: 'CASE WHEN n = 60 THEN pg_terminate_backend(pg_backend_pid()) ELSE true END',
          },
        ],
      },
    },
    flags: [
      ...inOrder, '--table-handling', 'drop-on-target-and-recreate', '--filter-path', '{filter.json}',
      '--export-retry-max-attempts', '1',
    ],
    exitCode: 1,
    rows: counts('100', '0'),
    log: [
      { message: /; trying again$/, level: 'warn', table: 'public.b', attempt: 1 },
      { message: /^Error: public\.b, shard 1: .*terminat/, level: 'error' },
    ],
  }, // prettier-ignore
  {
    name: 'a table of the source that is gone when a fetch goes on',
    sources: { PostgreSQL: twoTables.PostgreSQL, MySQL: twoTables.MySQL },
    routes: ['files, COPY to PostgreSQL'],
    target: target('(id INT4 PRIMARY KEY, n INT4 CONSTRAINT n_small CHECK (n <> 60), v TEXT)'),
    flags: inOrder,
    exitCode: 1,
    next: [
      {
        source: ['DROP TABLE b'],
        flags: [...inOrder, '--fetch-id', '{fetch id}'],
        exitCode: 1,
        rows: counts('100', '50'),
        log: [{ message: /^Error: public\.b is a table of the fetch to continue and is no longer on the source/, code: 'TSM3002' }],
      },
    ],
  }, // prettier-ignore
  {
    name: 'a text that holds a zero character exists in no target',
    sources: {
      MySQL: ['CREATE TABLE t (id int PRIMARY KEY, v text)', `INSERT INTO t VALUES (1, 'fine'), (2, concat('a', char(0)))`],
      MariaDB: ['CREATE TABLE t (id int PRIMARY KEY, v text)', `INSERT INTO t VALUES (1, 'fine'), (2, concat('a', char(0)))`],
    },
    routes: bothTargets,
    flags: ['--table-handling', 'drop-on-target-and-recreate'],
    exitCode: 1,
    rows: { 'SELECT count(*) FROM t': [['0']] },
    log: [{ message: /^Error: .*public\.t/, level: 'error', advice: /./ }],
  }, // prettier-ignore
];
