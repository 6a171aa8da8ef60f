import { describe, expect, test } from 'vitest';
import { refusalIn } from './apply-fixture.js';
import type { ApplyFixture } from './apply-fixture.js';

export function applyFailures(fixture: ApplyFixture): void {
  describe('refused rows', () => {
    refusals(fixture);
  });
  describe('what comes from outside', () => {
    interruptions(fixture);
  });
  test('a connection keeps as many statements prepared as it may, whatever the number of rows', async () => {
    expect(await preparedStatements(fixture, 2)).toEqual([{ n: '2' }]);
  });
}

function refusals({ sql, apply, batch }: ApplyFixture): void {
  test('say which constraint they ran into', async () => {
    await sql(
      'CREATE TABLE parent (id INT8 PRIMARY KEY)',
      'INSERT INTO parent VALUES (1)',
      `CREATE TABLE t (id INT8 PRIMARY KEY, p INT8 CONSTRAINT to_parent REFERENCES parent (id), u INT8 CONSTRAINT only_once UNIQUE,
        n INT8 NOT NULL, c INT8 CONSTRAINT small CHECK (c < 10))`,
      'INSERT INTO t VALUES (1, 1, 1, 1, 1)',
    );
    const columns = ['id', 'p', 'u', 'n', 'c'];
    const refused = async (...row: (string | null)[]): Promise<unknown> => {
      const some = await batch(columns, [['5', '1', '5', '5', '5'], row]);
      return refusalIn(apply((transaction) => transaction.upsert(some)));
    };
    expect(await refused('2', '9', '2', '2', '2')).toEqual({ kind: 'foreign-key', constraint: 'to_parent' });
    expect(await refused('2', '1', '1', '2', '2')).toEqual({ kind: 'unique', constraint: 'only_once' });
    expect(await refused('2', '1', '2', null, '2')).toMatchObject({ kind: 'not-null', column: 'n' });
    expect(await refused('2', '1', '2', '2', '10')).toEqual({ kind: 'check', constraint: 'small' });
    const child = await batch(['id'], [['1']], { table: 'parent' });
    expect(await refusalIn(apply((transaction) => transaction.delete(child)))).toMatchObject({
      kind: 'foreign-key',
      constraint: 'to_parent',
    });
    expect(await sql('SELECT id FROM t')).toEqual([{ id: '1' }]);
  });

  test('name the table, the constraint and the remedy', async () => {
    await sql('CREATE TABLE t (id INT8 PRIMARY KEY, c INT8 CONSTRAINT small CHECK (c < 10))');
    const some = await batch(['id', 'c'], [['1', '10']]);
    await expect(apply((transaction) => transaction.upsert(some))).rejects.toMatchObject({
      code: 'TSM4011',
      kind: 'operator',
      serverCode: '23514',
      message: expect.stringMatching(/\.t: .*small/) as string,
      advice: expect.stringContaining('check') as string,
    });
  });
}

function interruptions({ sql, apply, batch }: ApplyFixture): void {
  const sleeping = `SELECT pid FROM pg_stat_activity
    WHERE query LIKE 'SELECT pg_sleep(61)%' AND state = 'active' AND datname = current_database()`;
  const asleep = (): Promise<void> => expect.poll(() => sql(sleeping)).toHaveLength(1);

  test('the signal ends a statement that runs', async () => {
    await sql('CREATE TABLE t (id INT8 PRIMARY KEY)');
    const stop = new AbortController();
    const one = await batch(['id'], [['1']]);
    const stopped = apply(
      async (transaction) => {
        await transaction.upsert(one);
        await transaction.query('SELECT pg_sleep(61)', []);
      },
      { signal: stop.signal, timeoutMs: 0 },
    );
    const outcome = stopped.catch((thrown: unknown) => thrown);
    await asleep();
    stop.abort();
    expect(await outcome).toMatchObject({ code: 'TSM1005' });
    await expect.poll(() => sql(sleeping)).toEqual([]);
    expect(await sql('SELECT id FROM t')).toEqual([]);
    await expect(apply(() => Promise.resolve(), { signal: stop.signal })).rejects.toMatchObject({
      code: 'TSM1005',
    });
  });

  test('a statement that takes too long is cancelled by the server', async () => {
    const slow = apply((transaction) => transaction.query('SELECT pg_sleep(61)', []), { timeoutMs: 50 });
    await expect(slow).rejects.toMatchObject({
      code: 'TSM4008',
      advice: expect.stringContaining('--applyTimeout') as string,
    });
  });

  test('a session that is killed leaves nothing, and the same may be tried again', async () => {
    await sql('CREATE TABLE t (id INT8 PRIMARY KEY)');
    const one = await batch(['id'], [['1']]);
    const killed = apply(async (transaction) => {
      await transaction.upsert(one);
      await transaction.query('SELECT pg_sleep(61)', []);
    });
    const outcome = killed.catch((thrown: unknown) => thrown);
    await asleep();
    await sql(`SELECT pg_terminate_backend(pid) FROM (${sleeping}) AS s`);
    expect(await outcome).toMatchObject({ code: 'TSM2007', kind: 'retry' });
    expect(await sql('SELECT id FROM t')).toEqual([]);
    expect(await apply((transaction) => transaction.upsert(one))).toBe(1);
  });
}

/** How many there are after statements on several tables, some of which the server refuses. */
async function preparedStatements(
  { sql, apply, batch }: ApplyFixture,
  statementCacheSize: number,
): Promise<unknown> {
  const tables = ['t', 'u', 'v', 'w'];
  await sql(...tables.map((table) => `CREATE TABLE ${table} (id INT8 PRIMARY KEY, x INT8 CHECK (x < 100))`));
  return apply(
    async (transaction) => {
      for (const table of [...tables, ...tables])
        for (const length of [1, 2, 3]) {
          const rows = Array.from({ length }, (_, id) => [String(id), '1']);
          await transaction.upsert(await batch(['id', 'x'], rows, { table }));
          const bad = await batch(['id', 'x'], [['1', '100']], { table });
          await expect(transaction.attempt(() => transaction.upsert(bad))).rejects.toMatchObject({
            code: 'TSM4011',
          });
        }
      return transaction.query(
        `SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE 'tsmolt%'`,
        [],
      );
    },
    { statementCacheSize },
  );
}
