import { bothTargets } from '../../support/scenario.js';
import type { Scenario } from '../../support/scenario.js';

const recreate = ['--table-handling', 'drop-on-target-and-recreate'];

const crdbTypes = (table: string): string =>
  `SELECT column_name, crdb_sql_type, is_nullable FROM information_schema.columns WHERE table_name = '${table}' ORDER BY ordinal_position`;

const postgresTypes = (table: string): string =>
  `SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 ORDER BY attnum`;

/** The types of the table in MOLT's manual, "Type mapping". */
const mysqlTypes = `CREATE TABLE every_type (id bigint NOT NULL PRIMARY KEY, c char(4), v varchar(10) NOT NULL, tt tinytext, t text,
  mt mediumtext, lt longtext, j json, ti tinyint, uti tinyint unsigned, flag tinyint(1), yes bool, s smallint, us smallint unsigned,
  m mediumint, um mediumint unsigned, i int, ui int unsigned, ub bigint unsigned, f float, d double, n decimal(10,3), num numeric(5),
  b binary(3), vb varbinary(3), tb tinyblob, bl blob, mb mediumblob, lb longblob, dt datetime, dt6 datetime(6), ts timestamp NULL,
  ti3 time(3), bits bit(3), day date, y year, e enum('small', 'it''s', 'große'), st set('x', 'y'))`;

export const createdTables: readonly Scenario[] = [
  {
    name: 'types of MySQL on CockroachDB, as the manual lists them',
    sources: { MySQL: [mysqlTypes] },
    routes: ['direct to CockroachDB'],
    flags: recreate,
    rows: {
      [crdbTypes('every_type')]: [
        ['id', 'INT8', 'NO'], ['c', 'VARCHAR(4)', 'YES'], ['v', 'VARCHAR(10)', 'NO'], ['tt', 'STRING', 'YES'],
        ['t', 'STRING', 'YES'], ['mt', 'STRING', 'YES'], ['lt', 'STRING', 'YES'], ['j', 'JSONB', 'YES'],
        ['ti', 'INT2', 'YES'], ['uti', 'INT2', 'YES'], ['flag', 'BOOL', 'YES'], ['yes', 'BOOL', 'YES'],
        ['s', 'INT2', 'YES'], ['us', 'INT4', 'YES'], ['m', 'INT4', 'YES'], ['um', 'INT4', 'YES'],
        ['i', 'INT4', 'YES'], ['ui', 'INT8', 'YES'], ['ub', 'DECIMAL(20)', 'YES'], ['f', 'FLOAT4', 'YES'],
        ['d', 'FLOAT8', 'YES'], ['n', 'DECIMAL(10,3)', 'YES'], ['num', 'DECIMAL(5)', 'YES'], ['b', 'BYTES', 'YES'],
        ['vb', 'BYTES', 'YES'], ['tb', 'BYTES', 'YES'], ['bl', 'BYTES', 'YES'], ['mb', 'BYTES', 'YES'],
        ['lb', 'BYTES', 'YES'], ['dt', 'TIMESTAMP(0)', 'YES'], ['dt6', 'TIMESTAMP(6)', 'YES'], ['ts', 'TIMESTAMPTZ(0)', 'YES'],
        ['ti3', 'TIME(3)', 'YES'], ['bits', 'VARBIT(3)', 'YES'], ['day', 'DATE', 'YES'], ['y', 'INT2', 'YES'],
        ['e', 'public.every_type_e_enum', 'YES'], ['st', 'STRING', 'YES'],
      ],
      'SELECT enumlabel FROM pg_enum ORDER BY enumsortorder': [['small'], [`it's`], ['große']],
    },
  },
  {
    name: 'types of MySQL on PostgreSQL',
    sources: { MySQL: [mysqlTypes] },
    routes: ['direct to PostgreSQL'],
    flags: recreate,
    rows: {
      [postgresTypes('every_type')]: [
        ['id', 'bigint', 't'], ['c', 'character varying(4)', 'f'], ['v', 'character varying(10)', 't'], ['tt', 'text', 'f'],
        ['t', 'text', 'f'], ['mt', 'text', 'f'], ['lt', 'text', 'f'], ['j', 'jsonb', 'f'],
        ['ti', 'smallint', 'f'], ['uti', 'smallint', 'f'], ['flag', 'boolean', 'f'], ['yes', 'boolean', 'f'],
        ['s', 'smallint', 'f'], ['us', 'integer', 'f'], ['m', 'integer', 'f'], ['um', 'integer', 'f'],
        ['i', 'integer', 'f'], ['ui', 'bigint', 'f'], ['ub', 'numeric(20,0)', 'f'], ['f', 'real', 'f'],
        ['d', 'double precision', 'f'], ['n', 'numeric(10,3)', 'f'], ['num', 'numeric(5,0)', 'f'], ['b', 'bytea', 'f'],
        ['vb', 'bytea', 'f'], ['tb', 'bytea', 'f'], ['bl', 'bytea', 'f'], ['mb', 'bytea', 'f'],
        ['lb', 'bytea', 'f'], ['dt', 'timestamp(0) without time zone', 'f'], ['dt6', 'timestamp(6) without time zone', 'f'],
        ['ts', 'timestamp(0) with time zone', 'f'], ['ti3', 'time(3) without time zone', 'f'], ['bits', 'bit varying(3)', 'f'],
        ['day', 'date', 'f'], ['y', 'smallint', 'f'], ['e', 'every_type_e_enum', 'f'], ['st', 'text', 'f'],
      ],
    },
  },
  {
    name: 'types of PostgreSQL on CockroachDB',
    sources: {
      PostgreSQL: [
        `CREATE TYPE size AS ENUM ('small', 'it''s')`,
        `CREATE TABLE every_type (id bigserial PRIMARY KEY, s smallint NOT NULL, i int, n numeric(10,3), free numeric, r real, d float8,
          ok boolean, t text, v varchar(10), c char(4), raw bytea, j json, jb jsonb, tz timestamptz, ts timestamp(3), day date,
          tm time, ttz timetz, iv interval, u uuid, ip inet, b bit(3), vb varbit(9), e size, sizes size[], tags text[],
          words tsvector, cash money)`,
      ],
    },
    routes: ['direct to CockroachDB'],
    flags: recreate,
    rows: {
      [crdbTypes('every_type')]: [
        ['id', 'INT8', 'NO'], ['s', 'INT2', 'NO'], ['i', 'INT4', 'YES'], ['n', 'DECIMAL(10,3)', 'YES'], ['free', 'DECIMAL', 'YES'],
        ['r', 'FLOAT4', 'YES'], ['d', 'FLOAT8', 'YES'], ['ok', 'BOOL', 'YES'], ['t', 'STRING', 'YES'], ['v', 'VARCHAR(10)', 'YES'],
        ['c', 'CHAR(4)', 'YES'], ['raw', 'BYTES', 'YES'], ['j', 'JSONB', 'YES'], ['jb', 'JSONB', 'YES'],
        ['tz', 'TIMESTAMPTZ', 'YES'], ['ts', 'TIMESTAMP(3)', 'YES'], ['day', 'DATE', 'YES'], ['tm', 'TIME', 'YES'],
        ['ttz', 'TIMETZ', 'YES'], ['iv', 'INTERVAL', 'YES'], ['u', 'UUID', 'YES'], ['ip', 'INET', 'YES'], ['b', 'BIT(3)', 'YES'],
        ['vb', 'VARBIT(9)', 'YES'], ['e', 'public.size', 'YES'], ['sizes', 'public.size[]', 'YES'], ['tags', 'STRING[]', 'YES'],
        ['words', 'TSVECTOR', 'YES'], ['cash', 'STRING', 'YES'],
      ],
    },
    log: [
      {
        message: 'created table on the target without some of its definition',
        level: 'warn',
        table: 'public.every_type',
        not_carried_over: ['defaults of id', 'native types (kept as text) of cash'],
      },
    ],
  },
  {
    name: 'a type map chooses types',
    sources: {
      MySQL: [
        'CREATE TABLE t1 (id int PRIMARY KEY, n int, name varchar(10), flag tinyint(1))',
        `INSERT INTO t1 VALUES (1, 2, 'one', 1)`,
        'CREATE TABLE t2 (id int PRIMARY KEY)',
      ],
      PostgreSQL: [
        'CREATE TABLE t1 (id int PRIMARY KEY, n int, name varchar(10), flag boolean)',
        `INSERT INTO t1 VALUES (1, 2, 'one', true)`,
        'CREATE TABLE t2 (id int PRIMARY KEY)',
      ],
    },
    routes: ['direct to CockroachDB', 'files, IMPORT INTO CockroachDB'],
    configFiles: {
      'types.json': [
        {
          table: 'public.t1',
          column_type_map: [
            { column: '*', source_type: 'int', crdb_type: 'INT8' },
            { column: 'name', source_type: 'varchar', crdb_type: 'STRING' },
          ],
        },
      ],
    },
    flags: [...recreate, '--type-map-file', '{types.json}'],
    rows: {
      [crdbTypes('t1')]: [['id', 'INT8', 'NO'], ['n', 'INT8', 'YES'], ['name', 'STRING', 'YES'], ['flag', 'BOOL', 'YES']],
      [crdbTypes('t2')]: [['id', 'INT4', 'NO']],
      'SELECT * FROM t1': [['1', '2', 'one', 't']],
    },
  },
  {
    name: 'a type map that fits nothing is refused before anything is dropped',
    sources: { PostgreSQL: ['CREATE TABLE t1 (id int PRIMARY KEY)', 'INSERT INTO t1 VALUES (1)'] },
    routes: ['direct to CockroachDB'],
    configFiles: {
      'types.json': [{ table: 'public.t1', column_type_map: [{ column: '*', source_type: 'int', crdb_type: 'no_such_type' }] }],
      'table.json': [{ table: 'public.t9', column_type_map: [{ column: '*', source_type: 'int', crdb_type: 'INT8' }] }],
    },
    target: ['CREATE TABLE t1 (id INT4 PRIMARY KEY)', 'INSERT INTO t1 VALUES (7)'],
    flags: [...recreate, '--type-map-file', '{types.json}'],
    exitCode: 1,
    rows: { 'SELECT id FROM t1': [['7']] },
    log: [{ message: /^Error: .*public\.t1\.id .*no_such_type/, code: 'TSM3004', advice: /take the mapping out/ }],
    next: [
      {
        flags: [...recreate, '--type-map-file', '{table.json}'],
        exitCode: 1,
        rows: { 'SELECT id FROM t1': [['7']] },
        log: [{ message: /^Error: .*public\.t9/, code: 'TSM1006' }],
      },
      { target: ['DROP TABLE t1'], flags: recreate, rows: { 'SELECT id FROM t1': [['1']] } },
    ],
  },
  {
    name: 'tables that stand are dropped with what they hold, others stay',
    sources: { PostgreSQL: ['CREATE TABLE t (id int PRIMARY KEY, fresh text)', `INSERT INTO t VALUES (1, 'new')`] },
    routes: bothTargets,
    target: [
      'CREATE TABLE t (id int PRIMARY KEY, old int)',
      'INSERT INTO t VALUES (7, 7)',
      'CREATE TABLE other (id int PRIMARY KEY)',
      'INSERT INTO other VALUES (7)',
    ],
    flags: recreate,
    rows: { 'SELECT * FROM t': [['1', 'new']], 'SELECT * FROM other': [['7']] },
    log: [{ message: 'dropping tables on the target', tables: ['public.t'] }],
  },
]; // prettier-ignore

export const constraintsAfterImport: readonly Scenario[] = [
  {
    name: 'IMPORT INTO leaves constraints NOT VALID, and the log has the statements that prove them',
    sources: {
      PostgreSQL: [
        'CREATE TABLE orders (id int PRIMARY KEY)',
        'CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders, n int)',
        'INSERT INTO orders VALUES (1)',
        'INSERT INTO items VALUES (1, 1, 5), (2, 1, 6)',
      ],
      MySQL: [
        'CREATE TABLE orders (id int PRIMARY KEY)',
        'CREATE TABLE items (id int PRIMARY KEY, order_id int, n int, FOREIGN KEY (order_id) REFERENCES orders (id))',
        'INSERT INTO orders VALUES (1)',
        'INSERT INTO items VALUES (1, 1, 5), (2, 1, 6)',
      ],
    },
    routes: ['files, IMPORT INTO CockroachDB', 'S3, IMPORT INTO CockroachDB'],
    target: [
      'CREATE TABLE orders (id INT4 PRIMARY KEY)',
      'CREATE TABLE items (id INT4 PRIMARY KEY, order_id INT4, n INT4, CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id), CONSTRAINT few CHECK (n < 100))',
    ],
    flags: ['--table-handling', 'truncate-if-exists'],
    rows: {
      'SELECT id, order_id, n FROM items ORDER BY id': [['1', '1', '5'], ['2', '1', '6']],
      'SELECT conname, convalidated FROM pg_constraint WHERE conrelid = \'items\'::regclass AND contype IN (\'f\', \'c\') ORDER BY 1': [
        ['few', 'f'],
        ['of_order', 'f'],
      ],
    },
    log: [
      {
        message: /NOT VALID/, level: 'warn', table: 'public.items', constraint: 'few',
        statement: 'ALTER TABLE "public"."items" VALIDATE CONSTRAINT "few"',
      },
      {
        message: /NOT VALID/, level: 'warn', table: 'public.items', constraint: 'of_order',
        statement: 'ALTER TABLE "public"."items" VALIDATE CONSTRAINT "of_order"',
      },
    ],
  },
]; // prettier-ignore
