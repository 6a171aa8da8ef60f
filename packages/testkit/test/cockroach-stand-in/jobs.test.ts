import type { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { startCockroachStandIn } from '../../src/index.js';
import { useFileServer } from './files.js';
import { clusterTime, freshTable, rows, useStandIn } from './fixture.js';

const fixture = useStandIn();
const files = useFileServer();

async function startImport(client: Client, table: string, csv = '1\n2\n'): Promise<string> {
  const url = files.put(`${table}_with_a_name_that_makes_descriptions_longer_than_lists_show_them.csv`, csv);
  const { rows: told } = await client.query<{ job_id: string }>(
    `IMPORT INTO ${table} (a) CSV DATA ('${url}') WITH detached`,
  );
  return told[0]?.job_id ?? '';
}

const statusOf = async (client: Client, job: string): Promise<unknown[][]> =>
  rows(client, `SELECT status, error FROM [SHOW JOB ${job}]`);

describe('jobs', () => {
  test('a detached import tells its job, and the table is offline until it is over', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const hold = fixture.standIn().holdJob(new RegExp(table));
    const job = await startImport(client, table);
    await hold.reached;
    const shown = await client.query(`SHOW JOB ${job}`);
    expect(shown.rows).toMatchObject([
      { job_id: job, job_type: 'IMPORT', status: 'running', fraction_completed: 0.9 },
    ]);
    expect(shown.fields.map(({ name }) => name)).not.toContain('started');
    for (const sql of [
      `SELECT * FROM ${table}`,
      `INSERT INTO public."${table}" VALUES (9)`,
      `IMPORT INTO ${table} CSV DATA ('http://h/f')`,
    ]) {
      await expect(client.query(sql)).rejects.toThrow(`relation "${table}" is offline: importing`);
    }
    hold.release();
    expect((await client.query(`SHOW JOB WHEN COMPLETE ${job}`)).rows).toMatchObject([
      { status: 'succeeded' },
    ]);
    expect(await rows(client, `SELECT * FROM ${table} ORDER BY a`)).toEqual([[1], [2]]);
  });

  test('lists cut the description, and can be asked like a table', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const job = await startImport(client, table);
    await client.query(`SHOW JOB WHEN COMPLETE ${job}`);
    const [listed] = await rows(
      client,
      `WITH x AS (SHOW JOBS) SELECT description, length(description) FROM x WHERE job_id = ${job}`,
    );
    expect(listed).toEqual([
      expect.stringContaining(`IMPORT INTO ${fixture.database}.public.${table}(a) CSV DATA (`),
      100,
    ]);
    const whole = await rows(
      client,
      `SELECT length(description) > 100 FROM [SHOW JOBS (SELECT job_id FROM [SHOW JOBS] WHERE job_id = ${job})] AS j`,
    );
    expect(whole).toEqual([[true]]);
    expect(await rows(client, 'SHOW JOB 1')).toEqual([]);
  });

  test('versions before v25.3 tell when a job was started', async () => {
    const version = 'CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/01 10:00:00, go1.23.12)';
    const old = await startCockroachStandIn({
      postgresUrl: fixture.postgresUrl(),
      database: fixture.database,
      version,
    });
    const client = await fixture.connectTo(old.url);
    expect((await client.query('SHOW JOBS')).fields.map(({ name }) => name)).toContain('started');
    await client.end();
    await old.stop();
  });

  test('v26.2 and later name a job that counts the rows', async () => {
    const version = 'CockroachDB CCL v26.2.0 (x86_64-pc-linux-gnu, built 2026/05/01 10:00:00, go1.25.3)';
    const newer = await startCockroachStandIn({
      postgresUrl: fixture.postgresUrl(),
      database: fixture.database,
      version,
    });
    const client = await fixture.connectTo(newer.url);
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const { rows: told } = await client.query(`IMPORT INTO ${table} CSV DATA ('${files.put('v.csv', '1')}')`);
    expect(told).toMatchObject([{ status: 'succeeded', inspect_job_id: null }]);
    await client.end();
    await newer.stop();
  });

  test('CANCEL JOBS takes a query', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const hold = fixture.standIn().holdJob(new RegExp(table));
    const job = await startImport(client, table);
    await hold.reached;
    await client.query(`CANCEL JOBS (SELECT job_id FROM [SHOW JOBS] WHERE description LIKE '%.${table}(%')`);
    await client.query(`SHOW JOB WHEN COMPLETE ${job}`);
    expect(await statusOf(client, job)).toEqual([['canceled', 'job canceled by user']]);
  });

  test('CANCEL JOB undoes it', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const hold = fixture.standIn().holdJob(new RegExp(table));
    const job = await startImport(client, table);
    await hold.reached;
    await client.query(`CANCEL JOB ${job}`);
    await client.query(`SHOW JOB WHEN COMPLETE ${job}`);
    expect(await statusOf(client, job)).toEqual([['canceled', 'job canceled by user']]);
    expect(await rows(client, `SELECT * FROM ${table}`)).toEqual([]);
    await expect(client.query(`CANCEL JOB ${job}`)).rejects.toThrow('cannot be requested to be canceled');
    await expect(client.query('CANCEL JOB 1')).rejects.toThrow('does not exist');
  });

  test('PAUSE JOB and RESUME JOB begin again', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const hold = fixture.standIn().holdJob(new RegExp(table));
    const job = await startImport(client, table);
    await hold.reached;
    await client.query(`PAUSE JOB ${job}`);
    await expect.poll(() => statusOf(client, job)).toEqual([['paused', '']]);
    await client.query(`RESUME JOB ${job}`);
    expect((await client.query(`SHOW JOB WHEN COMPLETE ${job}`)).rows).toMatchObject([
      { status: 'succeeded' },
    ]);
    expect(await rows(client, `SELECT count(*)::INT4 FROM ${table}`)).toEqual([[2]]);
  });

  test('a job fails midway on request, and leaves nothing', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    fixture.standIn().faults.failNext({ at: 'job', match: new RegExp(table), message: 'a node was lost' });
    const job = await startImport(client, table);
    await client.query(`SHOW JOB WHEN COMPLETE ${job}`);
    expect(await statusOf(client, job)).toEqual([['failed', 'a node was lost']]);
    expect(await rows(client, `SELECT * FROM ${table}`)).toEqual([]);
  });

  test.each([
    { outcome: 'kept', jobs: [['succeeded']] },
    { outcome: 'undone', jobs: [] },
  ] as const)(
    'the connection breaks at the statement, and the job is $outcome',
    async ({ outcome, jobs }) => {
      const client = await fixture.connect();
      const other = await fixture.connect();
      const table = await freshTable(client, 'a INT4 PRIMARY KEY');
      fixture.standIn().faults.failNext({ match: /^IMPORT/, disconnect: true, outcome });
      await expect(startImport(client, table)).rejects.toThrow(/terminated/);
      const ids = `SELECT job_id FROM [SHOW JOBS] WHERE description LIKE '%.${table}(%'`;
      expect(await rows(other, `SELECT status FROM [SHOW JOBS WHEN COMPLETE (${ids})]`)).toEqual(jobs);
    },
  );
});

describe('protected history', () => {
  const old = (): string => `${BigInt(Date.now() - 5 * 3_600_000) * 1_000_000n}.0000000000`;

  test('what a job protects can be read, until the job is cancelled', async () => {
    const client = await fixture.connect();
    const time = old();
    const read = `SELECT 1 AS one FROM pg_class AS OF SYSTEM TIME '${time}' LIMIT 1`;
    await expect(client.query(read)).rejects.toThrow('must be after replica GC threshold');
    const [[job] = []] = await rows(
      client,
      `SELECT crdb_internal.protect_mvcc_history(${time}, '1h'::INTERVAL, 'a test')`,
    );
    expect(await rows(client, read)).toEqual([[1]]);
    expect(await rows(client, `SELECT job_type, description FROM [SHOW JOB ${String(job)}]`)).toEqual([
      ['HISTORY RETENTION', 'History Retention for a test'],
    ]);
    await client.query(`SELECT crdb_internal.extend_mvcc_history_protection(${String(job)})`);
    await client.query(`CANCEL JOB ${String(job)}`);
    await client.query(`SHOW JOB WHEN COMPLETE ${String(job)}`);
    await expect(client.query(read)).rejects.toThrow('must be after replica GC threshold');
  });

  test('a cluster without the functions', async () => {
    const without = await startCockroachStandIn({
      postgresUrl: fixture.postgresUrl(),
      database: fixture.database,
      historyProtection: false,
    });
    const client = await fixture.connectTo(without.url);
    const asked = client.query(
      `SELECT crdb_internal.protect_mvcc_history(${await clusterTime(client)}, '1h', 'x')`,
    );
    await expect(asked).rejects.toMatchObject({ code: '42883' });
    await client.end();
    await without.stop();
  });
});

test('SHOW TABLES estimates rows', async () => {
  const client = await fixture.connect();
  const table = await freshTable(client, 'a INT4');
  await client.query(`INSERT INTO ${table} SELECT generate_series(1, 500)`);
  await client.query(`ANALYZE ${table}`);
  const found = await rows(
    client,
    `SELECT estimated_row_count::INT4 FROM [SHOW TABLES] WHERE table_name = '${table}'`,
  );
  expect(found).toEqual([[500]]);
});
