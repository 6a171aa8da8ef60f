import { nameFilter } from '@tsmolt/core';
import type { Column, LogicalType } from '@tsmolt/core';
import { openMysql } from '@tsmolt/mysql';
import { describe, expect, test } from 'vitest';
import { login, openDatabase, openOptions, parsed, tableOf } from './databases.js';

const servers = ['mysql', 'mariadb'] as const;

function types(columns: readonly Column[]): Record<string, LogicalType> {
  return Object.fromEntries(columns.map(({ name, type }) => [name, type]));
}

describe.each(servers)('the catalog of %s', (server) => {
  test('gives numbers their width and sign', async () => {
    await using opened = await openDatabase(
      server,
      `CREATE TABLE t (flag tinyint(1), tiny tinyint, tiny_u tinyint unsigned, small smallint unsigned,
        medium mediumint, medium_u mediumint unsigned, wide int(9) zerofill, big bigint, born year,
        money decimal(65,30) unsigned, plain decimal, single float(7,3), twice real, bits bit, nine bit(9))`,
    );
    expect(types((await opened.table('t')).columns)).toEqual({
      flag: { kind: 'integer', bits: 8, boolean: true },
      tiny: { kind: 'integer', bits: 8 },
      tiny_u: { kind: 'integer', bits: 8, unsigned: true },
      small: { kind: 'integer', bits: 16, unsigned: true },
      medium: { kind: 'integer', bits: 24 },
      medium_u: { kind: 'integer', bits: 24, unsigned: true },
      wide: { kind: 'integer', bits: 32, unsigned: true },
      big: { kind: 'integer', bits: 64 },
      born: { kind: 'integer', bits: 16 },
      money: { kind: 'decimal', precision: 65, scale: 30 },
      plain: { kind: 'decimal', precision: 10, scale: 0 },
      single: { kind: 'float', bits: 32 },
      twice: { kind: 'float', bits: 64 },
      bits: { kind: 'bit', length: 1, varying: true },
      nine: { kind: 'bit', length: 9, varying: true },
    });
  });

  test('gives texts, bytes and times their lengths', async () => {
    await using opened = await openDatabase(
      server,
      `CREATE TABLE t (nothing varchar(0), fixed char(4), short varchar(20) CHARACTER SET latin1, national nchar(3),
        tiny tinytext, plain text, medium mediumtext, wide longtext, choice set('a','b'),
        fixed_bytes binary(4), short_bytes varbinary(9), tiny_bytes tinyblob, wide_bytes longblob,
        day date, lasting time, lasting_fine time(2), moment datetime, moment_fine datetime(6), instant timestamp NULL)`,
    );
    expect(types((await opened.table('t')).columns)).toEqual({
      nothing: { kind: 'string' },
      fixed: { kind: 'string', maxLength: 4 },
      short: { kind: 'string', maxLength: 20 },
      national: { kind: 'string', maxLength: 3 },
      tiny: { kind: 'string' },
      plain: { kind: 'string' },
      medium: { kind: 'string' },
      wide: { kind: 'string' },
      choice: { kind: 'string' },
      fixed_bytes: { kind: 'bytes' },
      short_bytes: { kind: 'bytes' },
      tiny_bytes: { kind: 'bytes' },
      wide_bytes: { kind: 'bytes' },
      day: { kind: 'date' },
      lasting: { kind: 'time', precision: 0, withZone: false },
      lasting_fine: { kind: 'time', precision: 2, withZone: false },
      moment: { kind: 'timestamp', precision: 0, withZone: false },
      moment_fine: { kind: 'timestamp', precision: 6, withZone: false },
      instant: { kind: 'timestamp', precision: 0, withZone: true },
    });
  });

  test('gives shapes names that are no types of PostgreSQL', async () => {
    await using opened = await openDatabase(
      server,
      `CREATE TABLE t (a geometry, b point, c linestring, d polygon, e multipoint, f multilinestring, g multipolygon,
        h geometrycollection)`,
    );
    expect(Object.values(types((await opened.table('t')).columns))).toEqual(
      ['geometry', 'geometry(point)', 'geometry(linestring)', 'geometry(polygon)', 'geometry(multipoint)',
        'geometry(multilinestring)', 'geometry(multipolygon)', 'geometry(geometrycollection)'].map((name) => ({
        kind: 'native', name,
      })),
    ); // prettier-ignore
  });

  test('reads the labels of an enum as they were written', async () => {
    const labels = [
      'plain',
      `so'so`,
      'back\\slash',
      'a,b',
      '(x)',
      'new\nline',
      'ret\rurn',
      'tab\t',
      'ünï',
      '"',
      '',
      '\\n',
    ];
    const written = labels.map((label) => `'${label.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`);
    await using opened = await openDatabase(server, `CREATE TABLE t (e enum(${written.join(', ')}))`);
    expect(types((await opened.table('t')).columns)['e']).toEqual({
      kind: 'enum',
      schema: 'public',
      name: 't_e_enum',
      labels,
    });
  });

  test('keeps enums apart whose plain names are the same, whatever the filter lets through', async () => {
    await using opened = await openDatabase(
      server,
      `CREATE TABLE a (b_c enum('1'))`,
      `CREATE TABLE a_b (c enum('2'), d enum('3'))`,
      'CREATE TABLE a_b_d_enum (id int)',
      `CREATE TABLE ${'long'.repeat(15)} (${'name'.repeat(15)} enum('4'))`,
    );
    const names = async (filter: string): Promise<string[]> => {
      const tables = await opened.database.catalog.tables(nameFilter({ table: filter }));
      return tables
        .flatMap(({ columns }) => columns)
        .flatMap(({ type }) => (type.kind === 'enum' ? [type.name] : []));
    };
    const all = await names('.*');
    expect(new Set([...all, 'a_b_d_enum']).size).toBe(5);
    expect(all.filter((name) => Buffer.byteLength(name) > 63)).toEqual([]);
    expect(await names('^a_b$')).toEqual(all.slice(1, 3));
  });

  test('describes generated, invisible and numbering columns', async () => {
    await using opened = await openDatabase(
      server,
      `CREATE TABLE t (id int unsigned AUTO_INCREMENT PRIMARY KEY, hidden int DEFAULT 7 INVISIBLE,
        name varchar(20) DEFAULT 'NULL', greeting varchar(40) AS (concat('it''s ', name)) VIRTUAL,
        kept varchar(40) AS (upper(name)) STORED)`,
    );
    const { columns } = await opened.table('t');
    const kept = columns.map(({ name, identity, hasDefault, generated, generation }) => ({
      name, identity, hasDefault, generated, stored: generation?.stored,
    })); // prettier-ignore
    const usual = { identity: 'never', hasDefault: false, generated: false, stored: undefined };
    expect(kept).toEqual([
      { ...usual, name: 'id', identity: 'by default' },
      { ...usual, name: 'hidden', hasDefault: true },
      { ...usual, name: 'name', hasDefault: true },
      { ...usual, name: 'greeting', generated: true, stored: false },
      { ...usual, name: 'kept', generated: true, stored: true },
    ]);
    expect(columns[3]?.generation?.expression).toMatch(/^concat\((_utf8mb4)?'it\\'s ',`name`\)$/);
  });

  test('calls the schema of another database by its name', async () => {
    await using other = await openDatabase(server, 'CREATE TABLE parent (id int PRIMARY KEY)');
    await using opened = await openDatabase(
      server,
      'CREATE TABLE own (id int PRIMARY KEY)',
      `CREATE TABLE child (near int, far int, CONSTRAINT to_near FOREIGN KEY (near) REFERENCES own (id),
        CONSTRAINT to_far FOREIGN KEY (far) REFERENCES \`${other.name}\`.parent (id))`,
    );
    const { foreignKeys } = await opened.table('child');
    expect(Object.fromEntries(foreignKeys.map(({ name, target }) => [name, target]))).toEqual({
      to_near: { schema: 'public', table: 'own' },
      to_far: { schema: other.name, table: 'parent' },
    });
    await opened.sql('DROP TABLE child');
  });

  test('tells which columns a range can be read by', async () => {
    const notUsed = { mysql: 'INVISIBLE', mariadb: 'IGNORED' }[server];
    await using opened = await openDatabase(
      server,
      `CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(100), c int, d text, e int, UNIQUE KEY pair (a, c),
        KEY beginning (b(10)), KEY unseen (e) ${notUsed}, FULLTEXT KEY words (d))`,
    );
    const { indexedColumns, uniqueKeys, primaryKey } = await opened.table('t');
    expect(indexedColumns.toSorted()).toEqual(['a', 'b', 'id']);
    expect(uniqueKeys).toEqual([{ name: 'pair', columns: ['a', 'c'] }]);
    expect(primaryKey).toEqual({ name: 'PRIMARY', columns: ['id'] });
  });

  test('names the collations of keys, and of other columns where they have their own', async () => {
    await using opened = await openDatabase(
      server,
      `ALTER DATABASE COLLATE utf8mb4_general_ci`,
      `CREATE TABLE t (k varchar(10) PRIMARY KEY, usual varchar(10), exact varchar(10) COLLATE utf8mb4_bin, n int)
        COLLATE utf8mb4_general_ci`,
    );
    expect((await opened.table('t')).columns.map(({ collation }) => collation)).toEqual([
      'utf8mb4_general_ci',
      undefined,
      'utf8mb4_bin',
      undefined,
    ]);
  });

  test('estimates rows and bytes of a partitioned table as of now', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => `(${index}, repeat('x', 200))`).join(', ');
    await using opened = await openDatabase(
      server,
      'CREATE TABLE t (id int PRIMARY KEY, filler text) PARTITION BY HASH (id) PARTITIONS 4',
    );
    expect((await opened.table('t')).partitioned).toBe(true);
    await opened.sql(`INSERT INTO t VALUES ${rows}`, 'ANALYZE TABLE t');
    const { estimate } = await opened.table('t');
    expect(estimate.rows).toBeGreaterThan(1500);
    expect(estimate.rows).toBeLessThan(6000);
    expect(estimate.bytes).toBeGreaterThan(600_000);
  });

  test('shows everything to a user who has SELECT and nothing else', async () => {
    await using opened = await openDatabase(
      server,
      'CREATE TABLE parent (id int PRIMARY KEY)',
      `CREATE TABLE child (id int PRIMARY KEY, parent int, code int UNIQUE,
        CONSTRAINT to_parent FOREIGN KEY (parent) REFERENCES parent (id), CONSTRAINT positive CHECK (code > 0))`,
    );
    const url = await login(opened, (database, user) => [`GRANT SELECT ON ${database}.* TO ${user}`]);
    const restricted = await openMysql(parsed(url), openOptions);
    expect(await tableOf(restricted, 'child')).toEqual(await opened.table('child'));
    expect(await tableOf(restricted, 'child')).toMatchObject({ readable: true, checks: ['positive'] });
    await restricted.close();
  });

  test('lists a table that the user may not read as such', async () => {
    await using opened = await openDatabase(
      server,
      'CREATE TABLE partly (id int PRIMARY KEY, seen int, unseen int)',
      'CREATE TABLE write_only (id int PRIMARY KEY)',
      'CREATE TABLE fully (id int PRIMARY KEY, a int)',
    );
    const url = await login(opened, (database, user) => [
      `GRANT SELECT (id, seen) ON ${database}.partly TO ${user}`,
      `GRANT INSERT ON ${database}.write_only TO ${user}`,
      `GRANT SELECT, UPDATE (a) ON ${database}.fully TO ${user}`,
    ]);
    const restricted = await openMysql(parsed(url), openOptions);
    const tables = await restricted.catalog.tables(nameFilter({}));
    expect(tables.map(({ name, readable }) => [name.table, readable])).toEqual([
      ['fully', true],
      ['partly', false],
      ['write_only', false],
    ]);
    await restricted.close();
  });

  test('has no schemas to filter by', async () => {
    await using opened = await openDatabase(server, 'CREATE TABLE t (id int)');
    const listed = async (schema: string): Promise<number> =>
      (await opened.database.catalog.tables(nameFilter({ schema }))).length;
    expect([await listed('^public$'), await listed('^other$')]).toEqual([1, 1]);
  });
});

describe('what only MySQL has', () => {
  test('primary keys that the server adds by itself, vectors, and keys of expressions', async () => {
    await using opened = await openDatabase(
      'mysql',
      'SET SESSION sql_generate_invisible_primary_key = 1',
      'CREATE TABLE keyless (a int)',
      'SET SESSION sql_generate_invisible_primary_key = 0',
      'CREATE TABLE t (a int, v vector(3), j json, UNIQUE KEY of_expression ((a + 1)), KEY mixed (a, (a * 2)))',
    );
    const keyless = await opened.table('keyless');
    expect(keyless.columns.map(({ name }) => name)).toEqual(['my_row_id', 'a']);
    expect(keyless.primaryKey?.columns).toEqual(['my_row_id']);
    const { columns, uniqueKeys, indexedColumns } = await opened.table('t');
    expect(types(columns)).toMatchObject({
      v: { kind: 'native', name: 'vector(3)' },
      j: { kind: 'json', document: 'normalized' },
    });
    expect(uniqueKeys).toEqual([]);
    expect(indexedColumns).toEqual(['a']);
  });
});

describe('what only MariaDB has', () => {
  test('types of its own, and JSON as a text that is checked', async () => {
    await using opened = await openDatabase(
      'mariadb',
      `CREATE TABLE t (id uuid PRIMARY KEY, four inet4, six inet6, doc json, \`odd\`\`doc\` json,
        text_only longtext CHECK (json_valid(doc)), CONSTRAINT short CHECK (char_length(text_only) < 9))`,
    );
    const { columns, checks } = await opened.table('t');
    expect(types(columns)).toEqual({
      id: { kind: 'uuid' },
      four: { kind: 'inet' },
      six: { kind: 'inet' },
      doc: { kind: 'json', document: 'text' },
      'odd`doc': { kind: 'json', document: 'text' },
      text_only: { kind: 'string' },
    });
    expect(checks).toEqual(['short']);
    expect(columns.find(({ name }) => name === 'doc')?.collation).toBeUndefined();
  });

  test('sequences, which are left out, and tables with a history, whose present rows count', async () => {
    await using opened = await openDatabase(
      'mariadb',
      'CREATE SEQUENCE numbers',
      'CREATE TABLE plain_history (id int PRIMARY KEY) WITH SYSTEM VERSIONING',
      `CREATE TABLE named_history (id int PRIMARY KEY, since timestamp(6) GENERATED ALWAYS AS ROW START,
        until timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)) WITH SYSTEM VERSIONING`,
    );
    const tables = await opened.database.catalog.tables(nameFilter({}));
    expect(tables.map(({ name, primaryKey }) => [name.table, primaryKey?.columns])).toEqual([
      ['named_history', ['id']],
      ['plain_history', ['id']],
    ]);
    expect(tables[0]?.columns.map(({ generated, generation }) => [generated, generation])).toEqual([
      [false, undefined],
      [true, undefined],
      [true, undefined],
    ]);
  });
});

test.each(servers)('%s is asked a handful of questions about hundreds of tables', async (server) => {
  const statements = Array.from(
    { length: 300 },
    (_, index) => `CREATE TABLE t_${index} (id int PRIMARY KEY)`,
  );
  await using opened = await openDatabase(server, ...statements);
  const url = await login(opened, (database, user) => [
    `GRANT SELECT ON ${database}.* TO ${user}`,
    `ALTER USER ${user} WITH MAX_QUERIES_PER_HOUR 20`,
  ]);
  const limited = await openMysql(parsed(url), openOptions);
  expect(await limited.catalog.tables(nameFilter({}))).toHaveLength(300);
  await limited.close();
});
