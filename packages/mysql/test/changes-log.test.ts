import type { ChangeEvent, ChangeSource } from '@tsmolt/core';
import { openMysql } from '@tsmolt/mysql';
import { startMariadb, startMysql } from '@tsmolt/testkit';
import { mutationsOf, mysqlDialect, readToEnd, readUntil, transactionsOf } from '@tsmolt/testkit/contracts';
import { describe, expect, test } from 'vitest';
import { ids, insertion, openStream, OwnDatabase } from './changes-streams.js';
import { login, openOptions, parsed } from './databases.js';

const source = new OwnDatabase();

type Setting = readonly [name: string, value: string, usual: string];

const requiredSettings: Readonly<Record<'MySQL' | 'MariaDB', readonly Setting[]>> = {
  MySQL: [
    ['binlog_format', 'MIXED', 'ROW'],
    ['binlog_transaction_compression', 'ON', 'OFF'],
    ['binlog_row_value_options', 'PARTIAL_JSON', ''],
  ],
  MariaDB: [['binlog_format', 'MIXED', 'ROW']],
};

async function readTransactions(stream: ChangeSource, from: string, count: number): Promise<ChangeEvent[]> {
  let commits = 0;
  return readUntil(stream, from, ({ kind }) => {
    if (kind === 'commit') commits += 1;
    return commits === count;
  });
}

describe.each([
  ['MySQL', startMysql],
  ['MariaDB', startMariadb],
] as const)('the log of %s', (product, start) => {
  source.use(start);

  test('a stream without a position, or from one of another server, is refused', async () => {
    await using stream = await openStream(source.opened, ['t']);
    const end = await stream.currentPosition();
    const beyond = end.replace(/\d+$/, (number) => String(Number(number) + 1000));
    await expect(readToEnd(stream, beyond)).rejects.toMatchObject({ code: 'TSM7007' });
    const foreign = product === 'MySQL' ? '11111111-71ca-11e1-9e33-c80aa9429562:1-5' : '77-1-5';
    await expect(readToEnd(stream, foreign)).rejects.toMatchObject({ code: 'TSM7007' });
    await expect(readUntil(stream, undefined, () => true)).rejects.toMatchObject({
      code: 'TSM7002',
      advice: expect.stringContaining('--defaultGTIDSet'),
    });
  });

  test('a position that was purged is refused, and no other taken in its place', async () => {
    await using stream = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    await source.opened.sql(insertion(1), 'FLUSH BINARY LOGS', insertion(2), 'FLUSH BINARY LOGS');
    const kept = await stream.currentPosition();
    await source.opened.sql(insertion(3));
    const newest = (await logs()).at(-1) ?? '';
    // The server keeps a file for a moment that it might need after a crash.
    await expect
      .poll(async () => {
        await source.opened.sql(`PURGE BINARY LOGS TO '${newest}'`);
        return logs();
      })
      .toEqual([newest]);
    await expect(readToEnd(stream, from)).rejects.toMatchObject({ code: 'TSM5005', kind: 'operator' });
    expect(ids(await readToEnd(stream, kept))).toEqual(['3']);
  });

  test('a new file, and a restart of the server, in the middle of a stream', async () => {
    const stream = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    await source.opened.sql(insertion(1), 'FLUSH BINARY LOGS', insertion(2));
    const failure = failureOf(readTransactions(stream, from, 3));
    await source.server.restart();
    expect(await failure).toMatchObject({ kind: 'retry' });
    await source.opened.sql(insertion(3));
    expect(ids(await readTransactions(stream, from, 3))).toEqual(['1', '2', '3']);
    await stream.close();
  });

  test('a second reader with the same number ends the first, which says so', async () => {
    await using stream = await openStream(source.opened, ['t'], { processId: 4711 });
    await using second = await openStream(source.opened, ['t'], { processId: 4711 });
    const from = await stream.currentPosition();
    const iterator = stream.changes(from, new AbortController().signal)[Symbol.asyncIterator]();
    await iterator.next();
    const failure = failureOf(toItsEnd(iterator));
    await source.opened.sql(insertion(1));
    expect(ids(await readToEnd(second, from))).toEqual(['1']);
    expect(await failure).toMatchObject({
      code: 'TSM7003',
      advice: expect.stringContaining('--replicationProcessID'),
    });
  });

  test('names of columns come from the catalog where the log has none, if nothing speaks against it', async () => {
    await source.opened.sql(
      `CREATE TABLE names (id int unsigned PRIMARY KEY, v varchar(20) CHARACTER SET latin1, e enum('a', 'é') CHARACTER SET utf8mb4, b varbinary(5))`,
    );
    await using early = await openStream(source.opened, ['names']);
    const full = await early.currentPosition();
    await source.opened.sql(`SET GLOBAL binlog_row_metadata = MINIMAL`);
    try {
      await expect(openStream(source.opened, ['names'])).rejects.toMatchObject({
        code: 'TSM5006',
        advice: expect.stringMatching(/binlog_row_metadata.*--fetchMetadata/),
      });
      await source.opened.sql(`INSERT INTO names VALUES (4000000000, 'ÿ€', 'é', X'00ff')`);
      await expect(readToEnd(early, full)).rejects.toMatchObject({
        code: 'TSM5006',
        advice: expect.stringMatching(/binlog_row_metadata.*--fetchMetadata/),
      });
      await using stream = await openStream(source.opened, ['names'], { fetchMetadata: true });
      expect(stream.warnings.join()).toContain('--fetchMetadata');
      const row = { id: '4000000000', v: 'ÿ€', e: 'é', b: '\\x00ff' };
      expect(mutationsOf(await readToEnd(stream, full)).map((one) => one.row)).toEqual([row]);
      await source.opened.sql('ALTER TABLE names DROP COLUMN v');
      await using late = await openStream(source.opened, ['names'], { fetchMetadata: true });
      await expect(readToEnd(late, full)).rejects.toMatchObject({
        code: 'TSM5006',
        message: expect.stringContaining('was altered'),
      });
    } finally {
      await source.opened.sql(`SET GLOBAL binlog_row_metadata = FULL`);
    }
  });

  test.each(requiredSettings[product])(
    '%s = %s is refused before anything is read',
    async (name, value, usual) => {
      await source.opened.sql(`SET GLOBAL ${name} = '${value}'`);
      try {
        await expect(openStream(source.opened, ['t'])).rejects.toMatchObject({
          code: 'TSM5006',
          message: expect.stringContaining(`${name} = ${value}`),
          advice: expect.stringContaining(`SET GLOBAL ${name} = '${usual}'`),
        });
      } finally {
        await source.opened.sql(`SET GLOBAL ${name} = '${usual}'`);
      }
    },
  );

  test('a smaller row image is a warning', async () => {
    await source.opened.sql('SET GLOBAL binlog_row_image = MINIMAL');
    try {
      await using stream = await openStream(source.opened, ['t']);
      expect(stream.warnings.join()).toContain('binlog_row_image is MINIMAL');
    } finally {
      await source.opened.sql('SET GLOBAL binlog_row_image = FULL');
    }
  });

  test.each([
    ['REPLICATION SLAVE', 'REPLICATION CLIENT'],
    ['REPLICATION CLIENT', 'REPLICATION SLAVE'],
  ])('a user without %s is told so', async (missing, granted) => {
    const url = await login(source.opened, (database, user) => [
      `GRANT SELECT ON ${database}.* TO ${user}`,
      `GRANT ${granted} ON *.* TO ${user}`,
    ]);
    const database = await openMysql(parsed(url), openOptions);
    try {
      await expect(openStream({ database }, ['t'])).rejects.toMatchObject({
        code: 'TSM3001',
        message: expect.stringContaining(missing),
      });
      const user = new URL(url).username;
      await source.opened.sql(`GRANT ${missing} ON *.* TO ${user}`);
      const allowed = await openMysql(parsed(url), openOptions);
      const stream = await openStream({ database: allowed }, ['t']);
      const from = await stream.currentPosition();
      await source.opened.sql(insertion(1));
      expect(ids(await readToEnd(stream, from))).toEqual(['1']);
      await stream.close();
      await allowed.close();
      await source.opened.sql(`DROP USER ${user}`);
    } finally {
      await database.close();
    }
  });

  test('tables without a key, and tables that are not there, are refused', async () => {
    await source.opened.sql('CREATE TABLE loose (a int, b int, UNIQUE (a))');
    await expect(openStream(source.opened, ['t', 'loose'])).rejects.toMatchObject({
      code: 'TSM5003',
      message: expect.stringContaining('public.loose'),
    });
    await expect(openStream(source.opened, ['absent'])).rejects.toMatchObject({ code: 'TSM3002' });
  });

  test('prepared transactions change nothing before they are committed', async () => {
    await using stream = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    const [first, second] = [
      await mysqlDialect.connect(source.opened.url),
      await mysqlDialect.connect(source.opened.url),
    ];
    for (const statement of prepared('a', 1)) await first.query(statement);
    for (const statement of prepared('b', 2)) await second.query(statement);
    await source.opened.sql(
      insertion(3),
      `XA START 'c'`,
      insertion(4),
      `XA END 'c'`,
      `XA COMMIT 'c' ONE PHASE`,
    );
    const before = transactionsOf(await readTransactions(stream, from, 2));
    expect(before.map(({ changes }) => ids(changes))).toEqual([['3'], ['4']]);
    await first.query(`XA ROLLBACK 'a'`);
    await second.query(`XA COMMIT 'b'`);
    await first.end();
    await second.end();
    expect(ids(await readToEnd(stream, from))).toEqual(['3', '4', '2']);
    // The position did not pass what was prepared and not yet committed.
    const rest = ids(await readToEnd(stream, before.at(-1)?.position ?? ''));
    expect(rest.at(-1)).toBe('2');
    expect(rest).not.toContain('1');
  });

  test('a commit of what was prepared before the position is refused', async () => {
    const client = await mysqlDialect.connect(source.opened.url);
    for (const statement of prepared('x', 1)) await client.query(statement);
    await using stream = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    await client.query(`XA COMMIT 'x'`);
    await client.end();
    await expect(readToEnd(stream, from)).rejects.toMatchObject({
      code: 'TSM5006',
      message: expect.stringContaining(`X'78',X'',1`),
      advice: expect.stringContaining('XA RECOVER'),
    });
  });
});

const prepared = (name: string, id: number): string[] => [
  `XA START '${name}'`, insertion(id), `XA END '${name}'`, `XA PREPARE '${name}'`,
]; // prettier-ignore

async function logs(): Promise<string[]> {
  const client = await mysqlDialect.connect(source.opened.url);
  try {
    return (await client.query<{ Log_name: string }>('SHOW BINARY LOGS')).map(({ Log_name }) => Log_name);
  } finally {
    await client.end();
  }
}

/** What a stream fails with that ends while something else goes on. */
function failureOf(reading: Promise<unknown>): Promise<unknown> {
  return reading.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  );
}

async function toItsEnd(iterator: AsyncIterator<unknown>): Promise<void> {
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next());
}
