import { bothTargets, sources } from '../../support/scenario.js';
import type { Scenario } from '../../support/scenario.js';

const recreate = ['--table-handling', 'drop-on-target-and-recreate'];

/** 100 rows in the order of their ids, in one shard. */
const hundred = {
  PostgreSQL: [
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    `INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 100) i`,
  ],
  MySQL: mysqlHundred(),
  MariaDB: mysqlHundred(),
};

const allHundred = {
  'SELECT count(*), min(id), max(id), sum(id), max(length(v)) FROM t': [['100', '1', '100', '5050', '7']],
};

function mysqlHundred(): string[] {
  return [
    'CREATE TABLE t (id int PRIMARY KEY, v varchar(20))',
    `INSERT INTO t WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100)
      SELECT i, concat('row ', i) FROM numbers`,
  ];
}

export const intermediateFiles: readonly Scenario[] = [
  {
    name: 'files for COPY are plain unless --compression says otherwise',
    sources: { PostgreSQL: hundred.PostgreSQL, MySQL: hundred.MySQL },
    routes: ['files, COPY to PostgreSQL'],
    flags: [...recreate, '--flush-rows', '40', '--export-concurrency', '1'],
    rows: allHundred,
    files: [
      'public.t/shard_01_part_00000001.csv',
      'public.t/shard_01_part_00000002.csv',
      'public.t/shard_01_part_00000003.csv',
    ],
    next: [
      {
        removedFiles: [1, 2, 3].map((part) => `public.t/shard_01_part_0000000${part}.csv`),
        flags: [...recreate, '--flush-rows', '60', '--export-concurrency', '1', '--compression', 'gzip'],
        rows: allHundred,
        files: ['public.t/shard_01_part_00000001.csv.gz', 'public.t/shard_01_part_00000002.csv.gz'],
      },
    ],
  },
  {
    name: 'files for IMPORT INTO are packed unless --compression says otherwise',
    sources: hundred,
    routes: ['files, IMPORT INTO CockroachDB'],
    flags: [...recreate, '--flush-rows', '50', '--export-concurrency', '1'],
    rows: allHundred,
    log: [{ message: /^import job started/, table: 'public.t', num_files: 2 }],
    files: ['public.t/shard_01_part_00000001.csv.gz', 'public.t/shard_01_part_00000002.csv.gz'],
    next: [
      {
        removedFiles: [1, 2].map((part) => `public.t/shard_01_part_0000000${part}.csv.gz`),
        flags: [...recreate, '--compression', 'none', '--flush-size', '700', '--export-concurrency', '1'],
        rows: allHundred,
        files: ['public.t/shard_01_part_00000001.csv', 'public.t/shard_01_part_00000002.csv'],
      },
    ],
  },
  {
    name: '--import-batch-size makes a job for each so many files, and --cleanup leaves none of them',
    sources: { PostgreSQL: hundred.PostgreSQL },
    routes: ['files, IMPORT INTO CockroachDB'],
    flags: [
      ...recreate,
      '--flush-rows',
      '20',
      '--import-batch-size',
      '2',
      '--export-concurrency',
      '1',
      '--cleanup',
    ],
    rows: allHundred,
    log: [
      { message: /^import job started/, num_files: 2 },
      { message: /^import job started/, num_files: 1 },
    ],
    files: [],
  },
  {
    name: '--cleanup leaves none of the files that COPY loaded',
    sources: { PostgreSQL: hundred.PostgreSQL, MySQL: hundred.MySQL },
    routes: ['files, COPY to PostgreSQL'],
    flags: [...recreate, '--cleanup'],
    rows: allHundred,
    files: [],
  },
  {
    name: 'rows that are loaded already are loaded again by --table-handling none, and refused by the key',
    sources: { PostgreSQL: hundred.PostgreSQL },
    routes: ['S3, COPY to PostgreSQL', 'S3, IMPORT INTO CockroachDB'],
    flags: recreate,
    rows: allHundred,
    next: [
      { exitCode: 1, rows: allHundred, log: [{ message: /^Error: .*public\.t.*(duplicate key|collides)/ }] },
      { flags: ['--table-handling', 'truncate-if-exists'], rows: allHundred },
    ],
  },
  {
    name: 'an empty table makes no row and no trouble',
    sources: sources(
      ['PostgreSQL', 'MySQL', 'MariaDB', 'CockroachDB stand-in'],
      'CREATE TABLE nothing (id int PRIMARY KEY, v varchar(10))',
    ),
    routes: bothTargets,
    flags: recreate,
    rows: { 'SELECT count(*) FROM nothing': [['0']] },
    log: [
      { message: 'data extraction from source complete', table: 'public.nothing', num_rows: 0 },
      { message: 'data import on target for table complete', table: 'public.nothing', num_rows: 0 },
      { message: 'fetch complete', num_tables: 1 },
    ],
  },
];

/** An export by one command and its import by another. */
export const exportsAndImports: readonly Scenario[] = [
  {
    name: 'an export without target, and an import without source',
    sources: hundred,
    routes: ['files, COPY to PostgreSQL', 'files, IMPORT INTO CockroachDB'],
    without: 'target',
    flags: ['--mode', 'export-only', '--flush-rows', '60', '--export-concurrency', '1'],
    log: [
      { message: 'wrote the manifest of the export', file: 'manifest.json' },
      { message: 'fetch complete', cdc_cursor: /./ },
    ],
    files: [
      'manifest.json',
      'public.t/shard_01_part_00000001.csv.gz',
      'public.t/shard_01_part_00000002.csv.gz',
    ],
    next: [
      {
        without: 'source',
        flags: ['--mode', 'import-only', ...recreate],
        rows: allHundred,
        log: [
          { message: 'found the manifest of an export', num_tables: 1 },
          { message: 'data import on target for table complete', table: 'public.t', num_rows: 100 },
          { message: 'fetch complete', cdc_cursor: /./ },
        ],
      },
      {
        without: 'source',
        flags: ['--mode', 'import-only', '--table-handling', 'truncate-if-exists'],
        rows: allHundred,
      },
    ],
  },
  {
    name: 'an export into a bucket, and an import from it',
    sources: { PostgreSQL: hundred.PostgreSQL },
    routes: ['S3, COPY to PostgreSQL', 'S3, IMPORT INTO CockroachDB'],
    without: 'target',
    flags: ['--mode', 'export-only', '--flush-rows', '60', '--export-concurrency', '1'],
    next: [{ flags: ['--mode', 'import-only', ...recreate], rows: allHundred }],
  },
  {
    name: 'files without a manifest are loaded as they lie there, into tables that exist',
    sources: { PostgreSQL: hundred.PostgreSQL, MySQL: hundred.MySQL },
    routes: ['files, COPY to PostgreSQL', 'files, IMPORT INTO CockroachDB'],
    without: 'target',
    flags: ['--mode', 'export-only', '--flush-rows', '60', '--export-concurrency', '1'],
    next: [
      {
        removedFiles: ['manifest.json'],
        without: 'source',
        flags: ['--mode', 'import-only', ...recreate],
        exitCode: 1,
        log: [{ message: /^Error: .*no manifest/, code: 'TSM1001', advice: /Create the tables/ }],
      },
      {
        target: ['CREATE TABLE t (id INT4 PRIMARY KEY, v VARCHAR(20))'],
        without: 'source',
        flags: ['--mode', 'import-only'],
        rows: allHundred,
        log: [
          { message: /^there is no manifest/, level: 'warn' },
          { message: 'fetch complete', cdc_cursor: '', tables: ['public.t'] },
        ],
      },
    ],
  },
  {
    name: 'a folder of a table that nobody has is not left out in silence',
    sources: { PostgreSQL: hundred.PostgreSQL },
    routes: ['files, COPY to PostgreSQL'],
    without: 'target',
    flags: ['--mode', 'export-only'],
    next: [
      {
        removedFiles: ['manifest.json'],
        target: ['CREATE TABLE other (id int PRIMARY KEY)'],
        without: 'source',
        flags: ['--mode', 'import-only'],
        exitCode: 1,
        log: [
          {
            message: /^Error: public\.t in .* has 1 files, and there is no table of that name/,
            code: 'TSM3003',
          },
        ],
      },
    ],
  },
  {
    name: 'a file that is missing is named, and nothing of the table is loaded',
    sources: { PostgreSQL: hundred.PostgreSQL },
    routes: ['files, IMPORT INTO CockroachDB'],
    without: 'target',
    flags: ['--mode', 'export-only', '--flush-rows', '60', '--export-concurrency', '1'],
    next: [
      {
        removedFiles: ['public.t/shard_01_part_00000002.csv.gz'],
        without: 'source',
        flags: ['--mode', 'import-only', ...recreate],
        exitCode: 1,
        rows: { 'SELECT count(*) FROM t': [['0']] },
        log: [{ message: /^Error: .*shard_01_part_00000002\.csv\.gz/ }],
      },
    ],
  },
  {
    name: 'sides that a mode needs are asked for',
    sources: { PostgreSQL: hundred.PostgreSQL },
    routes: ['files, COPY to PostgreSQL'],
    without: 'target',
    exitCode: 1,
    log: [{ message: 'Error: --target is missing, and --mode data-load needs it', code: 'TSM1001' }],
    next: [
      {
        without: 'source',
        flags: ['--mode', 'export-only'],
        exitCode: 1,
        log: [{ message: 'Error: --source is missing, and --mode export-only needs it', code: 'TSM1001' }],
      },
      {
        flags: ['--mode', 'data-load-and-replication'],
        exitCode: 1,
        log: [{ message: /does not exist any more/, code: 'TSM1001', advice: /replicator/ }],
      },
    ],
  },
];
