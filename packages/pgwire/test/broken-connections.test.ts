import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { ConnectionUrl } from '@tsmolt/core';
import { copyOut } from '@tsmolt/pgwire';
import { runSql, startCockroachStandIn, startTcpProxy } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { load, never, usePools } from './pools.js';

const fixture = usePools();

/** Ends the sessions of this file that run a COPY, when there is one. */
async function terminateCopies(): Promise<void> {
  await expect
    .poll(() =>
      runSql(
        fixture.url(),
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'pgwire test' AND query LIKE 'COPY%' AND state = 'active'`,
      ),
    )
    .toHaveLength(1);
}

async function* endlessRows(whenUnderWay: () => Promise<unknown>): AsyncGenerator<string> {
  for (let batch = 0; ; batch++) {
    if (batch === 3) await whenUnderWay();
    yield `${'x'.repeat(10_000)}\n`;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a connection that breaks during COPY', () => {
  test('out of the server: the reader sees it, and the pool goes on', async () => {
    const url = ConnectionUrl.parse(fixture.url(), '--source');
    const sql = `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 200000)) TO STDOUT`;
    const { stream } = await copyOut({ pool: fixture.pool(), url, sql, subject: 'exporting', signal: never });
    await new Promise((resolve) => stream.once('readable', resolve));
    await terminateCopies();
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'TSM2007', kind: 'retry' });
    await fixture.run('SELECT 1');
  });

  test('into the server: nothing is committed, and it may be tried again', async () => {
    await fixture.run('CREATE TABLE broken (v text)');
    await expect(
      load(fixture.pool(), 'COPY broken FROM STDIN', endlessRows(terminateCopies)),
    ).rejects.toMatchObject({
      code: 'TSM2007',
      kind: 'retry',
    });
    expect(await runSql(fixture.url(), 'SELECT FROM broken')).toEqual([]);
    expect(await load(fixture.pool(), 'COPY broken FROM STDIN', ['a\n'])).toBe(1);
  });

  test('by a reset of the network, before all rows were sent: it may be tried again', async () => {
    await fixture.run('CREATE TABLE reset (v text)');
    const proxy = await startTcpProxy(Number(new URL(fixture.url()).port));
    const through = new URL(fixture.url());
    through.port = String(proxy.port);
    const proxied = await fixture.poolOf(through.href);
    const rows = endlessRows(() => Promise.resolve(proxy.cut()));
    await expect(load(proxied, 'COPY reset FROM STDIN', rows)).rejects.toMatchObject({
      code: 'TSM2007',
      kind: 'retry',
    });
    expect(await runSql(fixture.url(), 'SELECT FROM reset')).toEqual([]);
    await proxied.close();
    await proxy.close();
  });
});

describe('a connection that breaks when all rows were sent (stand-in)', () => {
  let standIn: CockroachStandIn;
  const name = `crdb_${randomBytes(6).toString('hex')}`;
  beforeAll(async () => {
    standIn = await startCockroachStandIn({ postgresUrl: fixture.url(), database: name });
  });
  afterAll(async () => {
    await standIn.stop();
    await runSql(fixture.url(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });

  test.each(['kept', 'undone'] as const)(
    'nobody knows what became of them, and they were %s',
    async (result) => {
      await runSql(standIn.url, 'DROP TABLE IF EXISTS t', 'CREATE TABLE t (v STRING)');
      const target = await fixture.poolOf(standIn.url);
      standIn.faults.failNext({ match: /^COPY/, at: 'copy-done', disconnect: true, outcome: result });
      await expect(load(target, 'COPY t FROM STDIN WITH CSV', ['a\n', 'b\n'])).rejects.toMatchObject({
        code: 'TSM4007',
        kind: 'operator',
        advice: expect.stringContaining('truncate-if-exists'),
      });
      expect(await runSql(standIn.url, 'SELECT v FROM t')).toHaveLength(result === 'kept' ? 2 : 0);
    },
  );

  test('a refusal after all rows were sent is no riddle: a conflict may be tried again', async () => {
    await runSql(standIn.url, 'DROP TABLE IF EXISTS t', 'CREATE TABLE t (v STRING)');
    const target = await fixture.poolOf(standIn.url);
    standIn.faults.failNext({ match: /^COPY/, at: 'copy-done', sqlstate: '40001' });
    const sql = 'COPY t FROM STDIN WITH CSV';
    await expect(load(target, sql, ['a\n'])).rejects.toMatchObject({ code: 'TSM4003', kind: 'retry' });
    expect(await load(target, sql, ['a\n'])).toBe(1);
  });

  test('an answer that the server itself calls ambiguous is not tried again', async () => {
    await runSql(standIn.url, 'DROP TABLE IF EXISTS t', 'CREATE TABLE t (v STRING)');
    const target = await fixture.poolOf(standIn.url);
    standIn.faults.failNext({ match: /^COPY/, at: 'copy-done', sqlstate: '40003', outcome: 'kept' });
    await expect(load(target, 'COPY t FROM STDIN WITH CSV', ['a\n'])).rejects.toMatchObject({
      code: 'TSM4007',
      kind: 'operator',
    });
  });

  test('a table that foreign keys refer to cannot be truncated, in the words of CockroachDB', async () => {
    const target = await fixture.poolOf(standIn.url);
    standIn.faults.failNext({
      match: /^TRUNCATE/,
      sqlstate: 'XXUUU',
      message: '"customers" is referenced by foreign key from table "orders"',
    });
    await expect(
      target.use('truncating', (client) => client.query('TRUNCATE customers')),
    ).rejects.toMatchObject({
      code: 'TSM3006',
      kind: 'operator',
    });
  });
});
