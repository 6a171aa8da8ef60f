import { createHash } from 'node:crypto';
import { startMysql } from '@tsmolt/testkit';
import { openMysql } from '@tsmolt/mysql';
import { describe, expect, test } from 'vitest';
import { openDatabase, openOptions, parsed, runStatements, tableOf } from './databases.js';
import { exported, never, openSnapshot } from './exported.js';

const lines = (data: Buffer): string[] => String(data).split('\n').slice(0, -1);

describe.each(['mysql', 'mariadb'] as const)('an export from %s', (product) => {
  const impossible = [
    `SET SESSION sql_mode = 'ALLOW_INVALID_DATES'`,
    `CREATE TABLE t (id int, name varchar(9), d date, m datetime(3), s timestamp NULL, h time, PRIMARY KEY (id, name))`,
    `INSERT INTO t VALUES
      (1, 'plain', '2024-02-29', '2024-02-29 10:00:00.5', '2024-02-29 10:00:00', '24:00:00'),
      (2, 'zero', '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '-00:00:01'),
      (3, 'month', '2020-00-15', '2020-00-15 10:00:00', NULL, '838:59:59'),
      (4, 'day', '2020-04-00', '2020-04-00 10:00:00', NULL, '-838:59:59'),
      (5, 'late', '2021-02-31', '2021-02-29 10:00:00', NULL, NULL),
      (6, 'year', '0000-03-01', '0000-03-01 10:00:00', NULL, '24:00:01'),
      (7, 'null', NULL, NULL, NULL, NULL)`,
  ];

  test('refuses values that no target can hold, naming the row', async () => {
    await using source = await openDatabase(product, ...impossible);
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database, { maxConnections: 1 });
    const columns = ['h', 'd'];
    const error = (condition: string): Promise<unknown> =>
      exported(snapshot, table, { columns, condition }).catch((thrown: unknown) => thrown);
    expect(await error('id = 3')).toMatchObject({
      code: 'TSM3008',
      message: 'public.t: the row id=3, name=month has 838:59:59 in column h, which no target can hold',
      advice: expect.stringContaining('--unrepresentable-values null|clamp'),
    });
    expect(await error('id = 5')).toMatchObject({
      message: expect.stringContaining('has 2021-02-31 in column d'),
    });
    expect(await error('id > 0')).toMatchObject({ code: 'TSM3008' });
    expect((await exported(snapshot, table, { condition: 'id IN (1, 7)' })).rows).toBe(2);
  });

  test('makes them NULL, and counts', async () => {
    await using source = await openDatabase(product, ...impossible);
    await using snapshot = await openSnapshot(source.database, { unrepresentable: 'null' });
    const { data, substitutions } = await exported(snapshot, await source.table('t'));
    expect(lines(data)).toEqual([
      '1,"plain",2024-02-29,2024-02-29 10:00:00.500,2024-02-29 10:00:00+00,24:00:00',
      ...['2,"zero"', '3,"month"', '4,"day"', '5,"late"', '6,"year"', '7,"null"'].map((key) => `${key},,,,`),
    ]);
    expect(Object.fromEntries(substitutions ?? [])).toEqual({ d: 5, m: 5, s: 1, h: 4 });
  });

  test('makes them the nearest value, and counts', async () => {
    await using source = await openDatabase(product, ...impossible);
    await using snapshot = await openSnapshot(source.database, { unrepresentable: 'clamp' });
    const options = { format: 'csv-marked-null', condition: 'id > 1' } as const;
    const { data, substitutions } = await exported(snapshot, await source.table('t'), options);
    expect(lines(data)).toEqual([
      '2,"zero",0001-01-01,0001-01-01 00:00:00,0001-01-01 00:00:00+00,00:00:00',
      '3,"month",2020-01-01,2020-01-01 00:00:00,\\N,24:00:00',
      '4,"day",2020-04-01,2020-04-01 00:00:00,\\N,00:00:00',
      '5,"late",2021-02-28,2021-02-28 23:59:59.999,\\N,\\N',
      '6,"year",0001-01-01,0001-01-01 00:00:00,\\N,24:00:00',
      '7,"null",\\N,\\N,\\N,\\N',
    ]);
    expect(Object.fromEntries(substitutions ?? [])).toEqual({ d: 5, m: 5, s: 1, h: 4 });
  });

  test('cannot make NULL what must not be', async () => {
    await using source = await openDatabase(
      product,
      `SET SESSION sql_mode = ''`,
      'CREATE TABLE t (d date NOT NULL)',
      `INSERT INTO t VALUES ('0000-00-00')`,
    );
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database, { unrepresentable: 'null' });
    await expect(exported(snapshot, table)).rejects.toMatchObject({
      code: 'TSM3008',
      message: 'public.t: a row without a key has 0000-00-00 in column d, which no target can hold',
      advice: expect.stringContaining('clamp: column d does not allow NULL'),
    });
  });

  test('sends long values whole, in rows of any length', async () => {
    const size = 10_000_000;
    await using source = await openDatabase(
      product,
      'CREATE TABLE t (id int PRIMARY KEY, b longblob, t longtext CHARACTER SET latin1, n mediumtext, v varchar(9))',
      `INSERT INTO t VALUES (1, REPEAT(X'00ff220a5c', ${size / 5}), REPEAT('é"', ${size / 10}), NULL, 'a"b'),
        (2, NULL, NULL, '', NULL), (3, X'', '', '"', '')`,
    );
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database);
    const { data, rows } = await exported(snapshot, table);
    const digest = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
    const long = `1,\\x${'00ff220a5c'.repeat(size / 5)},"${'é""'.repeat(size / 10)}",,"a""b"`;
    expect(rows).toBe(3);
    expect(digest(data)).toBe(digest(`${long}\n2,,,"",\n3,\\x,"","""",""\n`));
    expect(await snapshot.bufferBytes(table)).toBeGreaterThan(4 * size);
  });

  test('sends generated and invisible columns where they are asked for, under names that need quotes', async () => {
    await using source = await openDatabase(
      product,
      'CREATE TABLE `we``ird "t"` (`a``b` int PRIMARY KEY, c int INVISIBLE DEFAULT 7, g int AS (`a``b` * 2) STORED)',
      'INSERT INTO `we``ird "t"` (`a``b`) VALUES (1), (2)',
    );
    const table = await source.table('we`ird "t"');
    await using snapshot = await openSnapshot(source.database);
    const { data } = await exported(snapshot, table, { columns: ['g', 'a`b', 'c'], filter: '`a``b` > 1' });
    expect(lines(data)).toEqual(['4,2,7']);
  });

  test('has an empty line for a row without columns, and a mark for a single NULL', async () => {
    await using source = await openDatabase(
      product,
      'CREATE TABLE t (v int)',
      'INSERT INTO t VALUES (NULL), (NULL)',
    );
    await using snapshot = await openSnapshot(source.database);
    const table = await source.table('t');
    expect(lines((await exported(snapshot, table, { columns: [] })).data)).toEqual(['', '']);
    expect(lines((await exported(snapshot, table, { format: 'csv-marked-null' })).data)).toEqual([
      '\\N',
      '\\N',
    ]);
  });

  test('holds no more than its buffers, however much the reader leaves waiting', async () => {
    const rows = Array.from(
      { length: 500 },
      (_, index) => `(${index}, REPEAT('x', 20000), REPEAT('"', 5000))`,
    );
    await using source = await openDatabase(
      product,
      'CREATE TABLE t (id int PRIMARY KEY, a text, b text)',
      `INSERT INTO t VALUES ${rows.join(', ')}`,
    );
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database);
    const request = {
      table,
      columns: ['id', 'a', 'b'],
      range: { condition: 'true' },
      format: 'csv',
    } as const;
    const { stream } = await snapshot.export({ ...request, signal: never });
    const [waiting, sizes] = [new Set<number>(), new Set<number>()];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      waiting.add(stream.readableLength);
      sizes.add(chunk.length);
    }
    expect(Math.max(...waiting)).toBeLessThan(await snapshot.bufferBytes(table));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
  });

  test('names the column whose type has no text', async () => {
    await using source = await openDatabase(product, 'CREATE TABLE t (id int PRIMARY KEY, place point)');
    await using snapshot = await openSnapshot(source.database);
    await expect(exported(snapshot, await source.table('t'))).rejects.toMatchObject({
      code: 'TSM3004',
      message: 'public.t: column place is of type point, which cannot be exported',
    });
  });

  test('is told when a table was altered under its snapshot', async () => {
    await using source = await openDatabase(
      product,
      'CREATE TABLE t (id int PRIMARY KEY)',
      'INSERT INTO t VALUES (1)',
    );
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database);
    await source.sql('ALTER TABLE t ADD COLUMN added int, ALGORITHM=COPY');
    await expect(exported(snapshot, table)).rejects.toMatchObject({ code: 'TSM2009' });
  });
});

test('a row that the server cannot print is an error that names the setting, never a row less', async () => {
  await using server = await startMysql({ own: true, settings: { 'max-allowed-packet': '64K' } });
  await runStatements(server.url, [
    `CREATE TABLE t (id int PRIMARY KEY, ${Array.from({ length: 4 }, (_, index) => `c${index} varchar(15000)`).join(', ')}) CHARACTER SET latin1`,
    `INSERT INTO t VALUES (1, 'x', 'x', 'x', 'x')`,
    `INSERT INTO t VALUES (2, ${Array.from({ length: 4 }, () => `REPEAT('é', 15000)`).join(', ')})`,
  ]);
  const database = await openMysql(parsed(server.url), openOptions);
  const table = await tableOf(database, 't');
  await using snapshot = await openSnapshot(database);
  await expect(exported(snapshot, table)).rejects.toMatchObject({
    code: 'TSM3008',
    message: expect.stringMatching(/^public\.t: .*max_allowed_packet \(65536 bytes\)$/),
  });
  const request = {
    table,
    columns: table.columns,
    algorithm: 'sha256',
    signal: new AbortController().signal,
  } as const;
  await expect(snapshot.rowHasher.hashRows(request)).rejects.toMatchObject({ code: 'TSM3008' });
  expect((await exported(snapshot, table, { condition: 'id = 1' })).rows).toBe(1);
  await database.close();
});
