import type { Scenario, Step } from '../../support/scenario.js';

/** Rows 1 to 100 of three tables. */
const three = {
  PostgreSQL: ['a', 'b', 'c'].flatMap((name) => [
    `CREATE TABLE ${name} (id int PRIMARY KEY, n int)`,
    `INSERT INTO ${name} SELECT i, i FROM generate_series(1, 100) i`,
  ]),
  MySQL: mysqlThree(),
  MariaDB: mysqlThree(),
};

function mysqlThree(): string[] {
  return ['a', 'b', 'c'].flatMap((name) => [
    `CREATE TABLE ${name} (id int PRIMARY KEY, n int)`,
    `INSERT INTO ${name} WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100)
      SELECT i, i FROM numbers`,
  ]);
}

/** The target is against row 60 of `b`, and has `a` and `c` as they should be. */
const against60 = [
  'CREATE TABLE a (id INT4 PRIMARY KEY, n INT4)',
  'CREATE TABLE b (id INT4 PRIMARY KEY, n INT4, CONSTRAINT n_small CHECK (n <> 60))',
  'CREATE TABLE c (id INT4 PRIMARY KEY, n INT4)',
];

/** The same by means of a key that IMPORT INTO looks at. */
const against60ByKey = [
  ...against60.slice(0, 1),
  'CREATE TABLE b (id INT4 PRIMARY KEY, n INT4)',
  'CREATE UNIQUE INDEX one_half ON b ((n / 2))',
  ...against60.slice(2),
];

const pieces = ['--export-concurrency', '1', '--flush-rows', '25'];
const oneByOne = [...pieces, '--table-concurrency', '1'];

/** What fails is the last table, so that all are exported: the server is shared, and soon no longer what it was. */
const exported = [...oneByOne, '--table-filter', '^[ab]$'];

const counts = (...rows: string[]): Scenario['rows'] & object => ({
  'SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT count(*) FROM c)': [rows],
});

const whole = ['100', '5050', '5050'];

const bothComplete: Pick<Step, 'rows'> = {
  rows: {
    'SELECT count(*), sum(id), sum(n) FROM a': [whole],
    'SELECT count(*), sum(id), sum(n) FROM b': [whole],
  },
};

const complete: Pick<Step, 'rows'> = {
  rows: { ...bothComplete.rows, 'SELECT count(*), sum(id), sum(n) FROM c': [whole] },
};

const shards = ['--export-concurrency', '4', '--row-batch-size', '5000', '--flush-rows', '1000'];

const permit = ['ALTER TABLE b DROP CONSTRAINT n_small'];

export const continuations: readonly Scenario[] = [
  {
    name: 'a fetch goes on where it stopped',
    sources: { PostgreSQL: three.PostgreSQL, MySQL: three.MySQL },
    routes: ['files, COPY to PostgreSQL', 'S3, COPY to PostgreSQL'],
    target: against60,
    flags: exported,
    exitCode: 1,
    rows: counts('100', '50', '0'),
    next: [
      {
        target: permit,
        flags: [...exported, '--fetch-id', '{fetch id}'],
        ...bothComplete,
        log: [
          { message: 'continuing fetch', fetch_id: '{fetch id}', num_tables: 1, num_tables_to_export: 0 },
          { message: 'data import on target for table complete', table: 'public.b', num_rows: 100 },
          { message: 'fetch complete', fetch_id: '{fetch id}' },
        ],
        noLog: [{ message: 'data extraction phase starting', table: 'public.b' }],
      },
      {
        flags: [...exported, '--fetch-id', '{fetch id}'],
        exitCode: 1,
        ...bothComplete,
        log: [{ message: /^Error: fetch .* is complete/, code: 'TSM1007' }],
      },
    ],
  },
  {
    name: 'an import goes on where it stopped',
    sources: { PostgreSQL: three.PostgreSQL, MySQL: three.MySQL },
    routes: ['files, IMPORT INTO CockroachDB'],
    target: against60ByKey,
    flags: [...exported, '--import-batch-size', '1'],
    exitCode: 1,
    log: [
      {
        message: 'table to continue',
        table: 'public.b',
        file: /^public\.b\/shard_01_part_0000000\d\.csv\.gz$/,
      },
    ],
    next: [
      {
        target: ['DROP INDEX one_half CASCADE'],
        flags: [...exported, '--import-batch-size', '1', '--fetch-id', '{fetch id}'],
        ...bothComplete,
        log: [{ message: 'fetch complete' }],
        noLog: [{ message: 'data extraction phase starting', table: 'public.b' }],
      },
    ],
  },
  {
    name: 'a token continues its table and leaves the others for later',
    sources: { PostgreSQL: three.PostgreSQL, MariaDB: three.MariaDB },
    routes: ['files, COPY to CockroachDB'],
    target: against60,
    flags: oneByOne,
    exitCode: 1,
    rows: counts('100', '50', '0'),
    next: [
      {
        flags: [
          ...oneByOne,
          '--fetch-id',
          '{fetch id}',
          '--continuation-token',
          '00000000-0000-4000-8000-000000000000',
        ],
        exitCode: 1,
        log: [{ message: /^Error: no table of this fetch has the continuation token 0/, code: 'TSM1007' }],
      },
      {
        target: permit,
        flags: [...oneByOne, '--fetch-id', '{fetch id}', '--continuation-token', '{token of public.b}'],
        rows: counts('100', '100', '0'),
        log: [{ message: /^tables of the fetch are left/, level: 'warn', tables: ['public.c'] }],
      },
      { command: 'fetch tokens list', output: [/ public\.c /] },
      {
        // Other tests write on the same server: from here on the snapshot may be continued or taken again.
        flags: [
          ...oneByOne,
          '--fetch-id',
          '{fetch id}',
          '--if-snapshot-lost',
          'restart',
          '--table-handling',
          'truncate-if-exists',
        ],
        ...complete,
      },
    ],
  },
  {
    name: 'a file to go on from must have nothing before it',
    sources: { PostgreSQL: three.PostgreSQL, MariaDB: three.MariaDB },
    routes: ['files, COPY to PostgreSQL', 'S3, COPY to PostgreSQL'],
    target: against60,
    flags: [...oneByOne, '--table-filter', '^b$'],
    exitCode: 1,
    rows: counts('0', '50', '0'),
    log: [{ message: 'table to continue', file: 'public.b/shard_01_part_00000003.csv' }],
    next: [
      {
        target: permit,
        flags: [
          ...oneByOne, '--fetch-id', '{fetch id}', '--continuation-token', '{token of public.b}',
          '--continuation-file-name', 'shard_01_part_00000004.csv',
        ],
        exitCode: 1,
        rows: counts('0', '50', '0'),
        log: [{ message: /^Error: 1 files before shard_01_part_00000004\.csv are not loaded/, code: 'TSM1001' }],
      },
      {
        flags: [
          ...oneByOne, '--fetch-id', '{fetch id}', '--continuation-token', '{token of public.b}',
          '--continuation-file-name', 'shard_01_part_00000009.csv',
        ],
        exitCode: 1,
        log: [{ message: /^Error: no table of this fetch has a file shard_01_part_00000009\.csv/, code: 'TSM1007' }],
      },
      {
        flags: [
          ...oneByOne, '--fetch-id', '{fetch id}', '--continuation-token', '{token of public.b}',
          '--continuation-file-name', 'shard_01_part_00000003.csv',
        ],
        rows: counts('0', '100', '0'),
      },
    ],
  }, // prettier-ignore
  {
    name: 'the shards of a table go on, each from its own file',
    sources: {
      PostgreSQL: [
        'CREATE TABLE t (id int PRIMARY KEY)',
        'INSERT INTO t SELECT generate_series(1, 20000)',
        'ANALYZE t',
      ],
    },
    routes: ['files, COPY to PostgreSQL', 'files, COPY to CockroachDB'],
    target: ['CREATE TABLE t (id INT4 PRIMARY KEY, CONSTRAINT odd CHECK (id <> 19000))'],
    flags: shards,
    exitCode: 1,
    log: [{ message: /^Error: public\.t, public\.t\/shard_04_part_0000000\d\.csv/, code: 'TSM4001' }],
    next: [
      {
        target: ['ALTER TABLE t DROP CONSTRAINT odd'],
        flags: [...shards, '--fetch-id', '{fetch id}'],
        rows: {
          'SELECT count(*), count(DISTINCT id), min(id), max(id) FROM t': [['20000', '20000', '1', '20000']],
        },
      },
    ],
  },
  {
    name: 'what was changed on the source since is not mixed in',
    sources: { PostgreSQL: three.PostgreSQL, MySQL: three.MySQL },
    routes: ['files, COPY to PostgreSQL'],
    target: against60,
    flags: oneByOne,
    exitCode: 1,
    next: [
      {
        source: ['INSERT INTO c VALUES (101, 0)'],
        target: permit,
        flags: [...oneByOne, '--fetch-id', '{fetch id}'],
        exitCode: 1,
        rows: counts('100', '50', '0'),
        log: [{ message: /^Error: the snapshot of fetch .* ended/, code: 'TSM5004', advice: /--if-snapshot-lost restart/ }],
      },
      {
        flags: [...oneByOne, '--fetch-id', '{fetch id}', '--if-snapshot-lost', 'restart'],
        exitCode: 1,
        log: [{ message: /^Error: --if-snapshot-lost restart with --table-handling none/, code: 'TSM1001' }],
      },
      {
        flags: [
          ...oneByOne, '--fetch-id', '{fetch id}', '--if-snapshot-lost', 'restart', '--table-handling', 'truncate-if-exists',
        ],
        rows: counts('100', '100', '101'),
      },
    ],
  }, // prettier-ignore
  {
    name: 'a fetch that nobody knows, and flags that need one',
    sources: { PostgreSQL: three.PostgreSQL },
    routes: ['files, COPY to PostgreSQL'],
    target: against60,
    flags: ['--fetch-id', '00000000-0000-4000-8000-000000000000'],
    exitCode: 1,
    log: [
      { message: /^Error: the target .* knows no fetch 00000000/, code: 'TSM1007', advice: /tokens list/ },
    ],
    next: [
      {
        flags: ['--fetch-id', 'yesterday'],
        exitCode: 1,
        log: [{ message: 'Error: --fetch-id yesterday is not a UUID', code: 'TSM1001' }],
      },
      {
        flags: ['--continuation-file-name', 'shard_01_part_00000001.csv'],
        exitCode: 1,
        log: [{ message: /need --fetch-id/, code: 'TSM1001' }],
      },
      { command: 'fetch tokens list', output: [/ID +\| +FETCH ID/] },
    ],
  },
];
