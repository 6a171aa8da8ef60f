import { bothTargets, sources } from '../../support/scenario.js';
import type { Scenario } from '../../support/scenario.js';

const recreate = ['--table-handling', 'drop-on-target-and-recreate'];

const schemas = [
  'CREATE SCHEMA shop',
  'CREATE SCHEMA shop_old',
  'CREATE TABLE shop.orders (id int PRIMARY KEY)',
  'CREATE TABLE shop.order_items (id int PRIMARY KEY)',
  'CREATE TABLE shop.users (id int PRIMARY KEY)',
  'CREATE TABLE shop_old.orders (id int PRIMARY KEY)',
  'CREATE TABLE orders (id int PRIMARY KEY)',
];

const tables = ['CREATE TABLE orders (id int PRIMARY KEY)', 'CREATE TABLE order_items (id int PRIMARY KEY)', 'CREATE TABLE users (id int PRIMARY KEY)']; // prettier-ignore

const numbered = `INSERT INTO t WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100)
  SELECT i, i % 10, NULL FROM numbers`;

export const filters: readonly Scenario[] = [
  {
    name: 'filters by schema and table',
    sources: sources(['PostgreSQL', 'CockroachDB stand-in'], ...schemas),
    routes: bothTargets,
    flags: [...recreate, '--schema-filter', '^shop$', '--table-filter', 'order', '--table-exclusion-filter', '_items$'],
    log: [{ message: 'fetch complete', num_tables: 1, tables: ['shop.orders'] }],
    next: [
      {
        flags: [...recreate, '--schema-filter', 'shop', '--table-filter', '^orders|users$'],
        log: [{ message: 'fetch complete', tables: ['shop.orders', 'shop.users', 'shop_old.orders'] }],
      },
      {
        flags: [...recreate, '--schema-filter', 'SHOP'],
        exitCode: 1,
        log: [{ message: /^Error: no table on the source matches/, code: 'TSM3005' }],
      },
    ],
  },
  {
    name: 'filters by table',
    sources: sources(['MySQL', 'MariaDB'], ...tables),
    routes: bothTargets,
    flags: [...recreate, '--table-filter', 'orders|users', '--table-exclusion-filter', '^u'],
    log: [{ message: 'fetch complete', num_tables: 1, tables: ['public.orders'] }],
  },
  {
    name: '--schema-filter does not apply to MySQL, and the log says so',
    sources: sources(['MySQL', 'MariaDB'], ...tables),
    routes: ['direct to PostgreSQL'],
    flags: [...recreate, '--schema-filter', 'migration_schema'],
    log: [
      { message: /--schema-filter/, level: 'warn' },
      { message: 'fetch complete', num_tables: 3 },
    ],
  },
  {
    name: 'rows by --filter-path, with a warning for a column without an index',
    sources: {
      PostgreSQL: rowsToFilter('INSERT INTO t SELECT i, i % 10, NULL FROM generate_series(1, 100) i'),
      'CockroachDB stand-in': rowsToFilter('INSERT INTO t SELECT i, i % 10, NULL FROM generate_series(1, 100) i'),
      MySQL: rowsToFilter(numbered),
      MariaDB: rowsToFilter(numbered),
    },
    routes: bothTargets,
    configFiles: {
      'filter.json': {
        filters: [{ resource_specifier: { schema: 'public', table: 't' }, expr: `n = 3 AND id <= 50` }],
      },
    },
    flags: [...recreate, '--filter-path', '{filter.json}'],
    rows: {
      'SELECT id, n FROM t ORDER BY id': [['3', '3'], ['13', '3'], ['23', '3'], ['33', '3'], ['43', '3']],
      'SELECT count(*) FROM whole': [['1']],
    },
    log: [
      {
        message: `filter expression 'n = 3 AND id <= 50' contains column 'n' which is not indexed. This may lead to performance issues.`,
        level: 'warn',
        table: 'public.t',
      },
      { message: 'data import on target for table complete', table: 'public.t', num_rows: 5 },
    ],
    noLog: [{ message: /contains column 'id'/ }],
  },
  {
    name: 'a row filter for a table that is not there is refused',
    sources: sources(['PostgreSQL', 'MySQL'], 'CREATE TABLE t (id int PRIMARY KEY)'),
    routes: ['direct to PostgreSQL'],
    configFiles: {
      'filter.json': { filters: [{ resource_specifier: { schema: 'public', table: 'tt' }, expr: 'true' }] },
    },
    flags: [...recreate, '--filter-path', '{filter.json}'],
    exitCode: 1,
    log: [{ message: /^Error: .*filters\[0\]\.resource_specifier: public\.tt is no table of this run/, code: 'TSM1006' }],
  },
]; // prettier-ignore

function rowsToFilter(insert: string): string[] {
  return [
    'CREATE TABLE t (id int PRIMARY KEY, n int, v varchar(5))',
    insert,
    'CREATE TABLE whole (id int PRIMARY KEY)',
    'INSERT INTO whole VALUES (1)',
  ];
}

export const transformations: readonly Scenario[] = [
  {
    name: 'columns are left out',
    sources: sources(
      ['PostgreSQL', 'MySQL', 'CockroachDB stand-in'],
      'CREATE TABLE people (id int PRIMARY KEY, name varchar(10), age int, secret_age int)',
      `INSERT INTO people VALUES (1, 'one', 41, 14), (2, NULL, NULL, NULL)`,
    ),
    routes: bothTargets,
    configFiles: {
      'rules.json': {
        transforms: [
          { id: 1, resource_specifier: { schema: '.*', table: '.*' }, column_exclusion_opts: { add_computed_def: false, column: 'age$' } },
        ],
      },
    },
    flags: [...recreate, '--transformations-file', '{rules.json}'],
    rows: { 'SELECT * FROM people ORDER BY id': [['1', 'one'], ['2', null]] },
  },
  {
    name: 'computed columns are computed on the target too',
    sources: {
      PostgreSQL: [
        'CREATE TABLE people (id int PRIMARY KEY, born int, age int GENERATED ALWAYS AS (2025 - born) STORED)',
        'INSERT INTO people (id, born) VALUES (1, 1984), (2, NULL)',
      ],
      MySQL: [
        'CREATE TABLE people (id int PRIMARY KEY, born int, age int AS (2025 - `born`) STORED)',
        'INSERT INTO people (id, born) VALUES (1, 1984), (2, NULL)',
      ],
      MariaDB: [
        'CREATE TABLE people (id int PRIMARY KEY, born int, age int AS (2025 - `born`) STORED)',
        'INSERT INTO people (id, born) VALUES (1, 1984), (2, NULL)',
      ],
    },
    routes: bothTargets,
    configFiles: {
      'rules.json': {
        transforms: [
          { id: 1, resource_specifier: { schema: '.*', table: '.*' }, column_exclusion_opts: { add_computed_def: true, column: '^age$' } },
        ],
      },
    },
    flags: [...recreate, '--transformations-file', '{rules.json}'],
    rows: {
      'SELECT id, born, age FROM people ORDER BY id': [['1', '1984', '41'], ['2', null, null]],
      [`SELECT is_generated FROM information_schema.columns WHERE table_name = 'people' AND column_name = 'age'`]: [['ALWAYS']],
    },
  },
  {
    name: 'tables and schemas are renamed',
    sources: {
      PostgreSQL: [
        'CREATE SCHEMA previous_schema',
        'CREATE TABLE previous_schema.bills (id int PRIMARY KEY)',
        'INSERT INTO previous_schema.bills VALUES (1), (2)',
        'CREATE TABLE previous_schema.other (id int PRIMARY KEY)',
      ],
    },
    routes: bothTargets,
    configFiles: {
      'rules.json': {
        transforms: [
          { id: 1, resource_specifier: { schema: 'previous_schema', table: '^bills$' }, table_rename_opts: { value: 'invoices' } },
          { id: 2, resource_specifier: { schema: 'previous_schema' }, schema_rename_opts: { value: 'new_schema' } },
        ],
      },
    },
    flags: [...recreate, '--transformations-file', '{rules.json}'],
    rows: {
      'SELECT id FROM new_schema.invoices ORDER BY id': [['1'], ['2']],
      'SELECT count(*) FROM new_schema.other': [['0']],
    },
    log: [{ message: 'data import on target for table complete', table: 'previous_schema.bills', num_rows: 2 }],
  },
  {
    name: 'a table and the schema of MySQL are renamed',
    sources: sources(['MySQL', 'MariaDB'], 'CREATE TABLE bills (id int PRIMARY KEY)', 'INSERT INTO bills VALUES (1), (2)'),
    routes: bothTargets,
    configFiles: {
      'rules.json': {
        transforms: [
          { id: 1, resource_specifier: { schema: 'public', table: 'bills' }, table_rename_opts: { value: 'invoices' } },
          { id: 2, resource_specifier: { schema: 'public' }, schema_rename_opts: { value: 'new_schema' } },
        ],
      },
    },
    flags: [...recreate, '--transformations-file', '{rules.json}'],
    rows: { 'SELECT id FROM new_schema.invoices ORDER BY id': [['1'], ['2']] },
  },
  {
    name: 'several tables go into one by COPY',
    sources: sources(
      ['PostgreSQL', 'MySQL', 'CockroachDB stand-in'],
      'CREATE TABLE charges_part1 (id int PRIMARY KEY, cents int)',
      'CREATE TABLE charges_part2 (id int PRIMARY KEY, cents int)',
      'INSERT INTO charges_part1 VALUES (1, 10), (2, 20)',
      'INSERT INTO charges_part2 VALUES (3, 30)',
    ),
    routes: ['files, COPY to PostgreSQL', 'direct to CockroachDB'],
    configFiles: {
      'rules.json': {
        transforms: [{ id: 2, resource_specifier: { schema: 'public', table: 'charges_part.*' }, table_rename_opts: { value: 'charges' } }],
      },
    },
    target: ['CREATE TABLE charges (id INT4 PRIMARY KEY, cents INT4)', 'INSERT INTO charges VALUES (9, 90)'],
    flags: ['--table-handling', 'truncate-if-exists', '--transformations-file', '{rules.json}'],
    rows: { 'SELECT id, cents FROM charges ORDER BY id': [['1', '10'], ['2', '20'], ['3', '30']] },
    log: [{ message: 'fetch complete', tables: ['public.charges_part1', 'public.charges_part2'] }],
  },
  {
    name: 'several tables in one have no checksum of their own',
    sources: sources(
      ['PostgreSQL'],
      'CREATE TABLE charges_part1 (id int PRIMARY KEY)',
      'CREATE TABLE charges_part2 (id int PRIMARY KEY)',
    ),
    routes: ['files, COPY to PostgreSQL'],
    configFiles: {
      'rules.json': {
        transforms: [{ id: 2, resource_specifier: { schema: 'public', table: 'charges_part.*' }, table_rename_opts: { value: 'charges' } }],
      },
    },
    target: ['CREATE TABLE charges (id INT4 PRIMARY KEY)', 'INSERT INTO charges VALUES (9)'],
    flags: ['--table-handling', 'truncate-if-exists', '--transformations-file', '{rules.json}', '--checksum'],
    exitCode: 1,
    rows: { 'SELECT id FROM charges': [['9']] },
    log: [{ message: /several tables go into public\.charges, and --checksum cannot tell/, code: 'TSM1001' }],
  },
  {
    name: 'several tables do not go into one by IMPORT INTO, nor into one that is to be created',
    sources: sources(
      ['PostgreSQL', 'MySQL'],
      'CREATE TABLE charges_part1 (id int PRIMARY KEY)',
      'CREATE TABLE charges_part2 (id int PRIMARY KEY)',
    ),
    routes: ['files, IMPORT INTO CockroachDB'],
    configFiles: {
      'rules.json': {
        transforms: [{ id: 2, resource_specifier: { schema: 'public', table: 'charges_part.*' }, table_rename_opts: { value: 'charges' } }],
      },
    },
    target: ['CREATE TABLE charges (id INT4 PRIMARY KEY)', 'INSERT INTO charges VALUES (9)'],
    flags: ['--table-handling', 'truncate-if-exists', '--transformations-file', '{rules.json}'],
    exitCode: 1,
    rows: { 'SELECT id FROM charges': [['9']] },
    log: [{ message: /^Error: .*transforms\[0\]: public\.charges_part1, public\.charges_part2 all go into public\.charges, and IMPORT INTO/, code: 'TSM1001' }],
    next: [
      {
        flags: [...recreate, '--transformations-file', '{rules.json}', '--use-copy'],
        exitCode: 1,
        rows: { 'SELECT id FROM charges': [['9']] },
        log: [{ message: /drop-on-target-and-recreate cannot create it/, code: 'TSM1001' }],
      },
    ],
  },
]; // prettier-ignore
