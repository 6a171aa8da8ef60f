import { connectSql, createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { expireLeases } from '../../support/replication-supervisor.js';
import { fetchFrom, startReplicator } from '../../support/replicator.js';
import type { Stream } from '../../support/replicator.js';
import type { Running } from '../../support/tsmolt.js';

let databases: TestDatabase[];
let stream: Stream;
let started: Running[];

beforeEach(async () => {
  const server = await sharedServer('postgres18');
  databases = [await createDatabase(server), await createDatabase(server)];
  const [source = '', target = ''] = databases.map(({ url }) => url);
  await runSql(
    source,
    'CREATE TABLE notes (id int PRIMARY KEY, n int DEFAULT 0)',
    'INSERT INTO notes VALUES (1)',
    'CREATE TABLE lines (id int PRIMARY KEY)',
  );
  stream = await fetchFrom(source, target);
  started = [];
});

afterEach(async () => {
  for (const { process, finished } of started) {
    process.kill('SIGKILL');
    await finished;
  }
  for (const database of databases) await database.drop();
});

function start(...more: string[]): Running {
  const run = startReplicator(stream, ...more);
  started.push(run);
  return run;
}

async function arrives(id: number): Promise<void> {
  await runSql(stream.source, `INSERT INTO notes VALUES (${id})`);
  const look = (): Promise<unknown[]> => runSql(stream.target, `SELECT FROM notes WHERE id = ${id}`);
  await vi.waitFor(async () => expect(await look()).toHaveLength(1), { timeout: 30_000, interval: 20 });
}

test('a second replicator of a stream waits while the first one lives, and takes over when it is killed', async () => {
  const first = start();
  await first.printed(/starting anew/);
  const second = start();
  await second.printed(/another process replicates this stream/);
  await arrives(2);
  await arrives(3);
  expect(second.output(/(going on from|progressed to|upserted)/)).toBeUndefined();
  first.process.kill('SIGKILL');
  await first.finished;
  await expireLeases(stream.target);
  await arrives(4);
  expect(second.output(/(going on from the checkpoint)/)).toBeDefined();
  second.process.kill('SIGTERM');
  expect((await second.finished).exitCode).toBe(0);
});

/** How a batch is committed: with its checkpoint, before it, and where no transaction of the target sees the lease. */
const ways: readonly (readonly [
  string,
  () => Promise<{ readonly staging?: string; readonly more: string[] }>,
])[] = [
  ['with its checkpoint', () => Promise.resolve({ more: [] })],
  ['in groups of tables', () => Promise.resolve({ more: ['--enableParallelApplies'] })],
  [
    'with its checkpoint in another database',
    async () => {
      const elsewhere = await createDatabase(await sharedServer('postgres18'));
      databases.push(elsewhere);
      return { staging: elsewhere.url, more: ['--stagingConn', elsewhere.url] };
    },
  ],
];

test.each(ways)(
  'a replicator that was stopped for longer than its lease writes nothing any more: %s',
  async (_, way) => {
    await runSql(
      stream.target,
      `CREATE TABLE writes (id int);
     CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.writes VALUES (NEW.id); RETURN NEW; END $$;
     CREATE TRIGGER note AFTER INSERT OR UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION note()`,
    );
    const { staging = stream.target, more } = await way();
    const first = start(...more);
    await first.printed(/starting anew/);
    await arrives(2);
    const locker = await connectSql(stream.target);
    try {
      await locker.query('BEGIN; LOCK TABLE notes IN SHARE MODE');
      await runSql(stream.source, 'INSERT INTO lines VALUES (3); INSERT INTO notes VALUES (3)');
      const waits = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'notes'::regclass`;
      await vi.waitFor(async () => expect(await runSql(stream.target, waits)).toHaveLength(1), 30_000);
      first.process.kill('SIGSTOP');
      await expireLeases(staging);
      // The source would wait for the first one for wal_sender_timeout.
      const second = start(...more);
      await second.printed(/is still read by process|was still read by process \d+ of the source/);
      expect(second.output(/(is still read by process)/)).toBeUndefined();
    } finally {
      // The batch of the first one is done now, all but its checkpoint and COMMIT.
      await locker.end();
    }
    first.process.kill('SIGCONT');
    const { exitCode, stderr } = await first.finished;
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(/TSM7003.*another one took over/s);
    await arrives(4);
    const writes = await runSql(stream.target, 'SELECT id FROM writes WHERE id > 1 ORDER BY id');
    expect(writes).toEqual([{ id: 2 }, { id: 3 }, { id: 4 }]);
  },
);

test('a replicator that may not end the session of a frozen one waits until the source does', async () => {
  const first = start();
  await first.printed(/starting anew/);
  await arrives(2);
  const role = `r_${stream.from[1]?.slice(-20)}`;
  await runSql(
    stream.source,
    `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'secret'`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
  );
  first.process.kill('SIGSTOP');
  await expireLeases(stream.target);
  const source = new URL(stream.source);
  [source.username, source.password] = [role, 'secret'];
  const second = startReplicator({ ...stream, source: source.href });
  started.push(second);
  await second.printed(/WARN.*is still read by process \d+ .*wal_sender_timeout \(1min\).*going on/);
  await runSql(
    stream.source,
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active`,
  );
  await arrives(3);
  second.process.kill('SIGTERM');
  expect((await second.finished).exitCode).toBe(0);
  await runSql(stream.source, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
});

test('a replicator that is asked to end hands the stream over at once', async () => {
  const first = start();
  await first.printed(/starting anew/);
  await arrives(2);
  const second = start();
  await second.printed(/another process replicates this stream/);
  first.process.kill('SIGTERM');
  expect((await first.finished).exitCode).toBe(0);
  await arrives(3);
  expect(second.output(/(going on from the checkpoint)/)).toBeDefined();
});
