import { bothTargets, everySource, sources } from '../../support/scenario.js';
import type { Scenario, SourceName } from '../../support/scenario.js';

const recreate = ['--table-handling', 'drop-on-target-and-recreate'];
const oneRow = ['CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1)'];

/** A run with the position of the source, and one without. */
function cursor(name: string, source: SourceName, text: RegExp): Scenario {
  return {
    name,
    sources: sources([source], ...oneRow),
    routes: bothTargets,
    flags: recreate,
    log: [
      { message: 'starting fetch', type: 'summary', num_tables: 1, cdc_cursor: text },
      { message: 'data import on target for table complete', type: 'summary', cdc_cursor: text },
      {
        message: 'fetch complete',
        type: 'summary',
        fetch_id: /^[0-9a-f-]{36}$/,
        cdc_cursor: text,
        skipped_unmigratable_tables: [],
        net_duration: /^\d{3}h \d\dm \d\ds$/,
      },
    ],
    next: [
      {
        flags: [...recreate, '--ignore-replication-check'],
        log: [
          { message: 'starting fetch', cdc_cursor: '' },
          { message: 'fetch complete', cdc_cursor: '' },
        ],
      },
    ],
  };
}

export const cursors: readonly Scenario[] = [
  cursor('cdc_cursor is an LSN', 'PostgreSQL', /^[0-9A-F]+\/[0-9A-F]+$/),
  cursor('cdc_cursor is a set of GTIDs', 'MySQL', /^[0-9a-f-]{36}:\d+(-\d+)?/),
  cursor('cdc_cursor is a position of MariaDB', 'MariaDB', /^\d+-\d+-\d+/),
  cursor('cdc_cursor is a timestamp of the cluster', 'CockroachDB stand-in', /^\d{19}\.\d{10}$/),
  {
    name: 'a slot is made, and made again when that is asked for',
    sources: sources(['PostgreSQL'], ...oneRow),
    routes: bothTargets,
    flags: [...recreate, '--pglogical-replication-slot-name', '{slot}'],
    log: [{ message: 'starting fetch', cdc_cursor: /^[0-9A-F]+\/[0-9A-F]+$/ }],
    next: [
      {
        flags: [...recreate, '--pglogical-replication-slot-name', '{slot}'],
        exitCode: 1,
        log: [
          {
            message: /^Error: .*replication slot "slot_.*" already exists/,
            code: 'TSM5001',
            advice: /--pglogical-publication-and-slot-drop-and-recreate/,
          },
        ],
      },
      {
        flags: [
          ...recreate,
          '--pglogical-replication-slot-name',
          '{slot}',
          '--pglogical-publication-and-slot-drop-and-recreate',
        ],
        log: [{ message: 'dropping and recreating publication molt_fetch', level: 'info' }],
      },
    ],
  },
];

export const dryRuns: readonly Scenario[] = [
  {
    name: '--dry-run prints what would happen and changes nothing',
    sources: sources(everySource, ...oneRow),
    routes: bothTargets,
    target: ['CREATE TABLE t (id INT4 PRIMARY KEY, old INT4)', 'INSERT INTO t VALUES (7, 7)'],
    flags: [...recreate, '--dry-run'],
    output: [/"tables": \[/, /"source": "public\.t"/, /DROP TABLE/, /CREATE TABLE \\"public\\"\.\\"t\\"/],
    rows: {
      'SELECT * FROM t': [['7', '7']],
      [`SELECT count(*) FROM information_schema.tables WHERE table_schema = '_molt_fetch'`]: [['0']],
    },
    noLog: [{ message: 'starting fetch' }, { message: 'fetch complete' }],
    next: [
      {
        flags: [...recreate, '--dry-run', '--use-console-writer'],
        output: [/public\.t/, /CREATE TABLE "public"\."t"/],
        rows: { 'SELECT * FROM t': [['7', '7']] },
      },
    ],
  },
  {
    name: '--dry-run says what would be refused',
    sources: sources(['PostgreSQL', 'MySQL'], ...oneRow),
    routes: bothTargets,
    flags: ['--dry-run'],
    exitCode: 1,
    output: [/"refused": \{/, /TSM3003/, /public\.t does not exist on the target/],
  },
];

const company = (schema: string): string[] => [
  `CREATE TABLE ${schema}employees (id int PRIMARY KEY, name varchar(20))`,
  `CREATE TABLE ${schema}payments (id int PRIMARY KEY, employee_id int)`,
  `CREATE TABLE ${schema}orders (id int PRIMARY KEY, total decimal(10,2))`,
  `CREATE TABLE ${schema}secrets (id int PRIMARY KEY)`,
  `INSERT INTO ${schema}employees VALUES (1, 'one'), (2, 'two')`,
  `INSERT INTO ${schema}payments VALUES (1, 2)`,
  `INSERT INTO ${schema}orders VALUES (1, 12.5)`,
  `INSERT INTO ${schema}secrets VALUES (1)`,
];

const companyOnTarget = (schema: string): string[] => [
  `CREATE TABLE ${schema}employees (id INT4 PRIMARY KEY, name VARCHAR(20))`,
  `CREATE TABLE ${schema}payments (id INT4 PRIMARY KEY, employee_id INT4)`,
  `CREATE TABLE ${schema}orders (id INT4 PRIMARY KEY, total DECIMAL(10,2))`,
  `INSERT INTO ${schema}orders VALUES (9, 9)`,
];

const companyRows = (schema: string): Scenario['rows'] & object => ({
  [`SELECT id, name FROM ${schema}employees ORDER BY id`]: [
    ['1', 'one'],
    ['2', 'two'],
  ],
  [`SELECT id, employee_id FROM ${schema}payments`]: [['1', '2']],
  [`SELECT id, total FROM ${schema}orders`]: [['1', '12.50']],
});

const inSchema = ['--schema-filter', 'migration_schema', '--table-filter', 'employees|payments|orders'];
const ofSchema = ['employees', 'orders', 'payments'].map((table) => `migration_schema.${table}`);
const schemaOnTarget = ['CREATE SCHEMA migration_schema', ...companyOnTarget('migration_schema.')];
const schemaOnSource = ['CREATE SCHEMA migration_schema', ...company('migration_schema.')];

/** The commands of MOLT's manual; hosts, bucket and the slot's name alone are others. */
export const commandsOfTheManual: readonly Scenario[] = [
  {
    name: 'bulk load at the least',
    sources: sources(
      ['PostgreSQL', 'MySQL'],
      'CREATE TABLE app_users (id int PRIMARY KEY)',
      'INSERT INTO app_users VALUES (1)',
      'CREATE TABLE orders (id int PRIMARY KEY)',
    ),
    routes: ['S3, IMPORT INTO CockroachDB'],
    target: ['CREATE TABLE app_users (id INT4 PRIMARY KEY)'],
    flags: ['--table-filter', '.*user.*', '--ignore-replication-check'],
    rows: { 'SELECT id FROM app_users': [['1']] },
    log: [{ message: 'fetch complete', tables: ['public.app_users'], cdc_cursor: '' }],
  },
  {
    name: 'bulk load of three tables of a schema',
    sources: { PostgreSQL: schemaOnSource },
    routes: ['S3, IMPORT INTO CockroachDB'],
    target: schemaOnTarget,
    flags: [...inSchema, '--table-handling', 'truncate-if-exists', '--ignore-replication-check'],
    rows: companyRows('migration_schema.'),
    log: [{ message: 'fetch complete', num_tables: 3, tables: ofSchema, cdc_cursor: '' }],
  },
  {
    name: 'bulk load of three tables of MySQL',
    sources: sources(['MySQL', 'MariaDB'], ...company('')),
    routes: ['S3, IMPORT INTO CockroachDB'],
    target: companyOnTarget(''),
    flags: [
      '--table-filter',
      'employees|payments|orders',
      '--table-handling',
      'truncate-if-exists',
      '--ignore-replication-check',
    ],
    rows: companyRows(''),
    log: [{ message: 'fetch complete', num_tables: 3, cdc_cursor: '' }],
  },
  {
    name: 'load for replication to follow, with a slot',
    sources: { PostgreSQL: schemaOnSource },
    routes: ['S3, IMPORT INTO CockroachDB'],
    target: schemaOnTarget,
    flags: [
      ...inSchema,
      '--table-handling',
      'truncate-if-exists',
      '--pglogical-replication-slot-name',
      '{slot}',
      '--pglogical-publication-and-slot-drop-and-recreate',
    ],
    rows: companyRows('migration_schema.'),
    log: [
      { message: 'dropping and recreating publication molt_fetch', level: 'info' },
      { message: 'starting fetch', type: 'summary', num_tables: 3, cdc_cursor: /^[0-9A-F]+\/[0-9A-F]+$/ },
      { message: 'data extraction phase starting', table: 'migration_schema.employees' },
      {
        message: 'data extraction from source complete',
        table: 'migration_schema.employees',
        type: 'summary',
        num_rows: 2,
        export_duration: /^000h \d\dm \d\ds$/,
      },
      { message: 'starting data import on target', table: 'migration_schema.employees' },
      {
        message: 'data import on target for table complete',
        table: 'migration_schema.employees',
        type: 'summary',
        num_rows: 2,
        cdc_cursor: /^[0-9A-F]+\/[0-9A-F]+$/,
      },
      { message: 'fetch complete', type: 'summary', num_tables: 3, tables: ofSchema },
    ],
  },
  {
    name: 'load of MySQL for replication to follow',
    sources: sources(['MySQL', 'MariaDB'], ...company('')),
    routes: ['S3, IMPORT INTO CockroachDB'],
    target: companyOnTarget(''),
    flags: ['--table-filter', 'employees|payments|orders', '--table-handling', 'truncate-if-exists'],
    rows: companyRows(''),
    log: [{ message: 'fetch complete', num_tables: 3, cdc_cursor: /\d/ }],
  },
];
