import { setTimeout as delay } from 'node:timers/promises';
import { connectSql, createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { SharedServerName, TestDatabase } from '@tsmolt/testkit';
import { mysqlDialect } from '@tsmolt/testkit/contracts';
import { verify } from 'tsmolt';
import { afterEach, describe, expect, test } from 'vitest';
import { fetchFrom, startReplicator } from '../support/replicator.js';
import type { Stream } from '../support/replicator.js';
import { startTsmolt } from '../support/tsmolt.js';
import type { Finished, Running } from '../support/tsmolt.js';
import { countsOf, summaryOf, verifyArguments } from '../support/verify.js';

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

const rows = 6000;
/** Writers leave the rows above alone. */
const written = 5000;

interface Writer {
  query(statement: string): Promise<unknown>;
  end(): Promise<void>;
}

interface Replica extends Stream {
  readonly connect: () => Promise<Writer>;
  readonly replicator: Running;
}

/** A loaded target that a replicator keeps up to date, and has brought the first change to. */
async function replicaOf(server: SharedServerName): Promise<Replica> {
  const source = await fresh(server);
  const target = await fresh('postgres18');
  const connect = (): Promise<Writer> =>
    server === 'mysql' ? mysqlDialect.connect(source) : connectSql(source);
  const client = await connect();
  await client.query('CREATE TABLE items (id bigint PRIMARY KEY, n int NOT NULL, note varchar(60))');
  const values = Array.from({ length: rows }, (_, at) => `(${at + 1}, 0, 'note ${at + 1}')`);
  await client.query(`INSERT INTO items VALUES ${values.join(', ')}`);
  const stream = await fetchFrom(source, target);
  const replicator = startReplicator(stream);
  opened.push({ close: () => stopped(replicator) });
  await client.query('UPDATE items SET n = 1 WHERE id = 1');
  await client.end();
  await replicator.printed(/progressed to/);
  return { ...stream, connect, replicator };
}

async function fresh(server: SharedServerName): Promise<string> {
  const database: TestDatabase = await createDatabase(await sharedServer(server));
  opened.push({ close: () => database.drop() });
  return database.url;
}

async function stopped({ process: child, finished }: Running): Promise<Finished> {
  child.kill('SIGTERM');
  return finished;
}

/** Changes rows until the work is done: several writers, each with rows that the others write too. */
async function whileWritten<Result>(replica: Replica, work: () => Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const writers = [0, 1, 2, 3].map((writer) => writeUntil(done.signal, replica, writer));
  try {
    return await work();
  } finally {
    done.abort();
    await Promise.all(writers);
  }
}

async function writeUntil(signal: AbortSignal, replica: Replica, writer: number): Promise<void> {
  const client = await replica.connect();
  try {
    for (let turn = 1; !signal.aborted; turn++) {
      for (const statement of changes(writer, turn)) await client.query(statement);
      // As many writes as a replicator and a verification beside each other can take on a small machine.
      await delay(30);
    }
  } finally {
    await client.end();
  }
}

/** Statements of one transaction; the same rows are updated, deleted and inserted, and change their keys. */
function changes(writer: number, turn: number): string[] {
  const row = 1 + (((turn * 4 + writer) * 7919) % written);
  const own = 1_000_000 * (writer + 1) + turn;
  return [
    'BEGIN',
    `UPDATE items SET n = n + 1, note = 'writer ${writer}, turn ${turn}' WHERE id = ${row}`,
    `INSERT INTO items VALUES (${own}, ${turn}, NULL)`,
    ...(turn % 3 === 0 ? [`UPDATE items SET id = id + 10000000 WHERE id = ${own - 2}`] : []),
    ...(turn % 5 === 0 ? [`DELETE FROM items WHERE id = ${own - 3}`] : []),
    'COMMIT',
  ];
}

function startVerifyLive({ source, target }: Stream): Running {
  const schema = `${new URL(target).pathname.slice(1)}._replicator`;
  const staging = ['--stagingConn', target, '--stagingSchema', schema];
  const flags = ['--table-filter', '^items$', '--row-batch-size', '500', '--logging', 'debug'];
  return startTsmolt([...verifyArguments(source, target), '--live', ...staging, ...flags]);
}

function verifyLive(stream: Stream): Promise<Finished> {
  return startVerifyLive(stream).finished;
}

/** The replicator stands still until the verification has seen what it has not brought yet. */
async function verifyBehind(replica: Replica): Promise<Finished> {
  const { process: replicator } = replica.replicator;
  replicator.kill('SIGSTOP');
  try {
    const running = startVerifyLive(replica);
    await running.printed(/rows that differ are read again/);
    replicator.kill('SIGCONT');
    return await running.finished;
  } finally {
    replicator.kill('SIGCONT');
  }
}

describe.each(['postgres18', 'mysql'] as const)('a replica of %s that is written to', (server) => {
  test('is equal, every time, as long as the replicator is honest', { timeout: 180_000 }, async () => {
    const replica = await replicaOf(server);
    const runs = await whileWritten(replica, async () => [
      await verifyLive(replica),
      await verifyBehind(replica),
      await verifyLive(replica),
    ]);
    const retried = runs.map((run) => {
      expect(run.exitCode, run.stdout + run.stderr).toBe(0);
      const { live_retry: liveRetry = 0, ...counts } = countsOf(run, 'items');
      expect(counts).toEqual({ truth_rows: expect.any(Number), success: counts['truth_rows'] });
      expect(counts['success']).toBeGreaterThan(rows);
      return liveRetry;
    });
    expect(retried[1]).toBeGreaterThan(0);
  });

  test('has its three kinds of faults named, and no others', { timeout: 180_000 }, async () => {
    const replica = await replicaOf(server);
    await runSql(
      replica.target,
      `UPDATE items SET note = 'corrupt' WHERE id = 5500`,
      'DELETE FROM items WHERE id = 5600',
      `INSERT INTO items VALUES (5999999, 0, 'nobody wrote this')`,
    );
    const run = await whileWritten(replica, () => verifyLive(replica));
    expect(run.exitCode, run.failure).toBe(1);
    expect(countsOf(run, 'items')).toMatchObject({ mismatch: 1, missing: 1, extraneous: 1 });
    expect(summaryOf(run, 'items')).not.toHaveProperty('num_still_changing');
    expect(run.line('mismatching row')).toMatchObject({
      primary_key: { id: '5500' },
      columns: [{ name: 'note', source: 'note 5500', target: 'corrupt' }],
    });
    expect(run.line('missing row')).toMatchObject({ primary_key: { id: '5600' } });
    expect(run.line('extraneous row')).toMatchObject({ primary_key: { id: '5999999' } });
  });
});

describe('a replicator that stands still', () => {
  test('ends the verification when nobody can wait any longer', { timeout: 60_000 }, async () => {
    const replica = await replicaOf('postgres18');
    await stopped(replica.replicator);
    await runSql(replica.source, `UPDATE items SET note = 'never arrives' WHERE id = 7`);
    const done = verify({
      source: replica.source,
      target: replica.target,
      allowTlsModeDisable: true,
      live: true,
      // Without a name it is _replicator.
      staging: { stagingConn: replica.target },
      replicationPatienceMs: 500,
    });
    await expect(done).rejects.toMatchObject({
      code: 'TSM6101',
      message: expect.stringContaining('within 0.5 seconds'),
    });
  });

  test('does no harm where nothing differs', { timeout: 60_000 }, async () => {
    const replica = await replicaOf('postgres18');
    await stopped(replica.replicator);
    const run = await verifyLive(replica);
    expect(run.exitCode, run.failure).toBe(0);
  });
});

test('a change that waits in staging for its parent is waited for', { timeout: 60_000 }, async () => {
  const [source, target] = [await fresh('postgres18'), await fresh('postgres18')];
  const tables = [
    'CREATE TABLE items (id int PRIMARY KEY)',
    'CREATE TABLE lines (id int PRIMARY KEY, item int)',
  ];
  await runSql(source, ...tables);
  const stream = await fetchFrom(source, target);
  await runSql(target, 'ALTER TABLE lines ADD FOREIGN KEY (item) REFERENCES items');
  // It tries what waits when it starts again: by then a verification would long believe that the row differs.
  const replicator = startReplicator(stream, '--quiescentPeriod', '1h');
  opened.push({ close: () => stopped(replicator) });
  await runSql(source, 'INSERT INTO lines VALUES (1, 10)');
  await replicator.printed(/waits in staging/);
  const staging = ['--live', '--stagingConn', target, '--logging', 'debug'];
  const running = startTsmolt([
    ...verifyArguments(source, target),
    ...staging,
    '--schema-filter',
    '^public$',
  ]);
  await running.printed(/rows that differ are read again/);
  await runSql(source, 'INSERT INTO items VALUES (10)');
  await stopped(replicator);
  const again = startReplicator(stream);
  opened.push({ close: () => stopped(again) });
  const run = await running.finished;
  expect(run.exitCode, run.failure).toBe(0);
  expect(countsOf(run, 'lines')).toEqual({ truth_rows: 1, success: 1, live_retry: 1 });
});

test('a staging schema without a checkpoint is a mistake', async () => {
  const [source, target] = [await fresh('postgres18'), await fresh('postgres18')];
  for (const url of [source, target]) await runSql(url, 'CREATE TABLE items (id int PRIMARY KEY)');
  const none = await verifyLive({ source, target, command: 'pglogical', from: [] });
  expect(none.exitCode).toBe(2);
  expect(none.line(/^Error/)).toMatchObject({ code: 'TSM7004' });
});
