import { createDatabase, runSql, startPostgres18, startTcpProxy } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFetch, tsmoltFetch } from '../support/tsmolt.js';
import { printedRows, twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();

const bigTable = [
  'CREATE TABLE events (id bigint PRIMARY KEY, payload text)',
  `INSERT INTO events SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 200000) i`,
];
const smallBatches = ['--direct-copy', '--row-batch-size', '5000', '--table-handling'];

describe('a target that dies in the middle', () => {
  let target: RunningServer;
  beforeAll(async () => {
    target = await startPostgres18({ own: true });
  });
  afterAll(() => target.stop());

  test('ends with a clear error, and a rerun with truncate-if-exists ends equal', async () => {
    await runSql(databases.source, ...bigTable);
    const { url } = await createDatabase(target, 'shop');
    const run = startFetch(databases.source, url, ...smallBatches, 'drop-on-target-and-recreate');
    await run.printed(/starting data import/);
    await target.kill();
    const finished = await run.finished;

    expect(finished.exitCode).toBe(1);
    expect(finished.line(/^Error: /)).toMatchObject({
      code: expect.stringMatching(/^TSM(2001|2007|4007)$/),
      message: expect.stringMatching(/public\.events, shard \d: .*127\.0\.0\.1/),
    });

    await target.start();
    const [before] = await runSql<{ rows: number }>(url, 'SELECT count(*)::int AS rows FROM events');
    expect(before?.rows, 'whole batches or nothing').toSatisfy((rows: number) => rows < 200_000);
    const again = await tsmoltFetch(
      databases.source,
      url,
      ...smallBatches,
      'truncate-if-exists',
      '--checksum',
    );
    expect(again.exitCode, again.failure).toBe(0);
    expect(again.line('data import on target for table complete')).toMatchObject({
      num_rows: 200_000,
      checksum_equal: true,
    });
  });

  test('a fetch that is killed with -9 leaves nothing half-loaded that a rerun would keep', async () => {
    await runSql(databases.source, ...bigTable);
    const { url } = await createDatabase(target, 'killed');
    const run = startFetch(databases.source, url, ...smallBatches, 'drop-on-target-and-recreate');
    await run.printed(/starting data import/);
    run.process.kill('SIGKILL');
    await run.finished;
    const again = await tsmoltFetch(
      databases.source,
      url,
      ...smallBatches,
      'truncate-if-exists',
      '--checksum',
    );
    expect(again.exitCode, again.failure).toBe(0);
    expect(await printedRows(url, 'events')).toEqual(await printedRows(databases.source, 'events'));
  });
});

describe('connections that break', () => {
  test('of a worker on the source: its batch is exported again from the same snapshot', async () => {
    await runSql(databases.source, ...bigTable);
    const run = startFetch(
      databases.source,
      databases.target,
      ...smallBatches,
      'drop-on-target-and-recreate',
      '--checksum',
    );
    await run.printed(/starting data import/);
    const copying = `FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY (%'`;
    await expect
      .poll(
        () =>
          runSql(
            databases.source,
            `SELECT pg_terminate_backend(pid) AS ended ${copying} AND state = 'active' LIMIT 1`,
          ),
        { interval: 5 },
      )
      .toEqual([{ ended: true }]);
    const finished = await run.finished;
    expect(finished.exitCode, finished.failure).toBe(0);
    expect(finished.line(/; trying again$/)).toMatchObject({ level: 'warn', table: 'public.events' });
    expect(finished.line('data import on target for table complete')).toMatchObject({
      num_rows: 200_000,
      checksum_equal: true,
    });
  });

  test('all to the source: the snapshot is gone, and the run says so instead of going on with another', async () => {
    await runSql(databases.source, ...bigTable);
    const proxy = await startTcpProxy(Number(new URL(databases.source).port));
    const throughProxy = new URL(databases.source);
    throughProxy.port = String(proxy.port);
    const run = startFetch(
      throughProxy.href,
      databases.target,
      ...smallBatches,
      'drop-on-target-and-recreate',
    );
    await run.printed(/starting data import/);
    proxy.cut();
    const finished = await run.finished;
    await proxy.close();
    expect(finished.exitCode).toBe(1);
    expect(finished.line(/^Error: /)).toMatchObject({
      code: 'TSM2009',
      advice: expect.stringContaining('truncate-if-exists'),
    });
  });
});

describe('Ctrl-C', () => {
  test('leaves no connection, no slot of this run, and says that it was stopped', async () => {
    await runSql(databases.source, ...bigTable);
    const slot = `ctrl_c_${new URL(databases.source).pathname.slice(1)}`;
    const run = startFetch(
      databases.source, databases.target, ...smallBatches, 'drop-on-target-and-recreate',
      '--pglogical-replication-slot-name', slot,
    ); // prettier-ignore
    await run.printed(/starting data import/);
    run.process.kill('SIGINT');
    const finished = await run.finished;

    expect(finished.exitCode).toBe(130);
    expect(finished.line(/^stopping/).level).toBe('warn');
    expect(finished.line(/^Error: stopped on request|^Error: .*stopped on request/)).toMatchObject({
      code: 'TSM1005',
    });
    expect(finished.line('dropped the replication slot of the failed run')).toMatchObject({ slot });
    for (const url of [databases.source, databases.target]) {
      await expect
        .poll(
          () =>
            runSql(
              url,
              `SELECT pid FROM pg_stat_activity WHERE application_name = 'tsmolt fetch' AND datname = current_database()`,
            ),
          { timeout: 5000 },
        )
        .toEqual([]);
    }
    expect(
      await runSql(
        databases.source,
        `SELECT slot_name FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      ),
    ).toEqual([]);
  });
});
