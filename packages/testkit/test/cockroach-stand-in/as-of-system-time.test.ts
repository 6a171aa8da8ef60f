import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { clusterTime, freshTable, protocols, rows, useStandIn } from './fixture.js';

const fixture = useStandIn();

describe('AS OF SYSTEM TIME', () => {
  test('one timestamp shows the same rows on all connections, while others write', async () => {
    const [writer, a, b, c] = await Promise.all([
      fixture.connect(),
      fixture.connect(),
      fixture.connect(),
      fixture.connect(),
    ]);
    const table = await freshTable(writer, 'a INT PRIMARY KEY');
    await writer.query(`INSERT INTO ${table} SELECT generate_series(1, 1000)`);
    const time = await clusterTime(writer);
    let written = 1000;
    const writing = new AbortController();
    const writes = (async () => {
      while (!writing.signal.aborted) await writer.query(`INSERT INTO ${table} VALUES ($1)`, [++written]);
    })();
    const count = `SELECT count(*)::INT4 FROM ${table}`;
    await a.query(`BEGIN TRANSACTION AS OF SYSTEM TIME '${time}'`);
    const seen = (await rows(a, count))[0]?.[0];
    await delay(100);
    await b.query('BEGIN');
    await b.query(`SET TRANSACTION AS OF SYSTEM TIME '${time}'`);
    expect(await rows(b, count)).toEqual([[seen]]);
    expect(await rows(b, `${count} WHERE a > $1`, [0])).toEqual([[seen]]);
    for (const { send } of protocols) {
      const direct = await send(
        c,
        `SELECT count(*)::INT4 AS n FROM ${table} AS OF SYSTEM TIME ${time} WHERE a > 0`,
      );
      expect(direct.rows).toEqual([{ n: seen }]);
    }
    expect(await clusterTime(b)).toBe(time);
    expect(await rows(a, `${count} AS OF SYSTEM TIME '${time}'`)).toEqual([[seen]]);
    expect(written).toBeGreaterThan(Number(seen));
    writing.abort();
    await writes;
    await a.query('COMMIT');
    expect(await rows(a, count)).toEqual([[written]]);
    expect(await rows(c, count)).toEqual([[written]]);
  });

  test('relative times, timestamps, and follower reads', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT PRIMARY KEY');
    const iso = new Date(Date.now() - 1000).toISOString();
    for (const time of [
      `'-10s'`,
      `'-1h30m'`,
      `-INTERVAL '5s'`,
      'follower_read_timestamp()',
      `with_max_staleness('10s')`,
      `'${iso}'`,
    ]) {
      expect(await rows(client, `SELECT count(*)::INT4 FROM ${table} AS OF SYSTEM TIME ${time}`)).toEqual([
        [0],
      ]);
    }
    const prepared = {
      name: 'again',
      text: `SELECT a FROM ${table} AS OF SYSTEM TIME '-1s' WHERE a = $1`,
      values: [1],
    };
    for (let i = 0; i < 3; i++) expect((await client.query(prepared)).rows).toEqual([]);
    await client.query(`INSERT INTO ${table} VALUES (1)`);
    expect((await client.query(prepared)).rows).toEqual([{ a: '1' }]);
  });

  test('writes are refused', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT PRIMARY KEY');
    await client.query(`BEGIN AS OF SYSTEM TIME '-1s'`);
    await expect(client.query(`INSERT INTO ${table} VALUES (1)`)).rejects.toMatchObject({
      code: '25006',
      message: 'cannot execute INSERT in a read-only transaction',
    });
    await client.query('ROLLBACK');
  });

  test.each([
    {
      sql: 'SELECT * FROM x AS OF SYSTEM TIME $1',
      values: ['-1s'],
      code: 'XXUUU',
      says: 'only constant expressions',
    },
    {
      sql: `SELECT * FROM x AS OF SYSTEM TIME '2200-01-01'`,
      code: 'XXUUU',
      says: 'cannot specify timestamp in the future',
    },
    {
      sql: `SELECT * FROM x AS OF SYSTEM TIME '10s'`,
      code: 'XXUUU',
      says: 'cannot specify timestamp in the future',
    },
    {
      sql: `SELECT * FROM x AS OF SYSTEM TIME '-5h'`,
      code: 'XXUUU',
      says: 'must be after replica GC threshold',
    },
    {
      sql: `SELECT * FROM (SELECT 1 AS OF SYSTEM TIME '-1s') y`,
      code: '42601',
      says: 'must be provided on a top-level statement',
    },
    {
      sql: `INSERT INTO x SELECT 1 AS OF SYSTEM TIME '-1s'`,
      code: '42601',
      says: 'must be provided on a top-level statement',
    },
    { sql: `SET TRANSACTION AS OF SYSTEM TIME '-1s'`, code: '25P01', says: 'no transaction' },
    { sql: `SELECT * FROM x AS OF SYSTEM TIME '-1s'`, code: '42P01', says: 'does not exist' },
  ])('refused: $sql', async ({ sql, values, code, says }) => {
    const client = await fixture.connect();
    const refused = { code, message: expect.stringContaining(says) as string };
    await expect(client.query(sql, values)).rejects.toMatchObject(refused);
    expect(await rows(client, 'SELECT 1')).toEqual([[1]]);
    expect(await rows(client, `SELECT now() = statement_timestamp()`)).toEqual([[true]]);
  });

  test('another timestamp within a transaction is refused', async () => {
    const client = await fixture.connect();
    for (const begin of ['BEGIN', `BEGIN AS OF SYSTEM TIME '${await clusterTime(client)}'`]) {
      await client.query(begin);
      const other = client.query(`SELECT 1 FROM pg_class AS OF SYSTEM TIME '-10s'`);
      await expect(other).rejects.toMatchObject({
        code: '0A000',
        hint: 'try SET TRANSACTION AS OF SYSTEM TIME',
      });
      await client.query('ROLLBACK');
    }
  });
});
