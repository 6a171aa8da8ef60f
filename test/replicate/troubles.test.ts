import { createDatabase, runMysql, runSql, sharedServer, startPostgres18 } from '@tsmolt/testkit';
import type { ReplicateRequest } from 'tsmolt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { follow, rowsOf, slotPair, startFollowing } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { startReplicator } from '../support/replicator.js';

/** What a person reads: code, message and advice. */
async function failureOf(pair: SlotPair, request: Partial<ReplicateRequest>): Promise<string> {
  try {
    await follow(pair, request);
  } catch (thrown) {
    const { code, message, advice } = thrown as { code: string; message: string; advice: string };
    return `${code}: ${message}\n${advice}`;
  }
  throw new Error('it did not fail');
}

describe('from PostgreSQL', () => {
  let pair: SlotPair;
  beforeAll(async () => {
    pair = await slotPair();
    await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)');
    await follow(pair);
  });
  afterAll(() => pair.drop());

  const withUser = async (url: string, name: string): Promise<string> => {
    const changed = new URL(url);
    [changed.username, changed.password] = [name, 'secret'];
    return changed.href;
  };

  test('a slot that does not exist', async () => {
    expect(await failureOf(pair, { slotName: 'nowhere' })).toMatch(
      /TSM5005.*slot nowhere.*pg_create_logical_replication_slot\('nowhere', 'pgoutput'\)/s,
    );
  });

  test('a slot of another database', async () => {
    const other = await slotPair();
    try {
      expect(await failureOf(pair, { slotName: other.slot })).toMatch(/TSM5005.*belongs to database/s);
    } finally {
      await other.drop();
    }
  });

  test.each(['pair', 'pair[]', 'pairs'])(
    'a composite type whose attributes have another order on the target (%s)',
    async (type) => {
      const table = [
        'CREATE DOMAIN pairs AS pair[]',
        `CREATE TABLE composed (id int PRIMARY KEY, v ${type})`,
      ];
      await pair.onTarget('CREATE TYPE pair AS (b int, a int)', ...table);
      await pair.onSource('CREATE TYPE pair AS (a int, b int)', ...table);
      try {
        expect(await failureOf(pair, {})).toMatch(
          /TSM7005.*public\.composed\.v is .*\(a integer, b integer\) on the source and .*\(b integer, a integer\) on the target.*same order.*start again/s,
        );
        await follow(pair, { filters: { tableExclusion: 'composed' } });
      } finally {
        await pair.onBoth('DROP TABLE composed', 'DROP TYPE pair CASCADE');
      }
    },
  );

  test('a publication that does not exist', async () => {
    expect(await failureOf(pair, { publicationName: 'nothing' })).toMatch(
      /TSM5002.*no publication nothing.*CREATE PUBLICATION "nothing"/s,
    );
  });

  test('a publication that lacks a table', async () => {
    await pair.onSource('CREATE PUBLICATION partial');
    expect(await failureOf(pair, { publicationName: 'partial' })).toMatch(
      /TSM5002.*lacks public\.t.*ALTER PUBLICATION "partial" ADD TABLE "public"\."t"/s,
    );
  });

  test('a user that may not replicate', async () => {
    const name = `weak_${pair.slot}`;
    await pair.onSource(
      `CREATE ROLE ${name} LOGIN PASSWORD 'secret'`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name}`,
    );
    try {
      expect(await failureOf(pair, { sourceConn: await withUser(pair.source, name) })).toMatch(
        /TSM3001.*REPLICATION/s,
      );
    } finally {
      await pair.onSource(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
    }
  });

  test('a server that keeps too little log', async () => {
    const server = await startPostgres18({ own: true, settings: { wal_level: 'replica' } });
    try {
      const { url } = await createDatabase(server);
      await runSql(
        url,
        'CREATE TABLE t (id int PRIMARY KEY, v text)',
        'CREATE PUBLICATION molt_fetch FOR ALL TABLES',
      );
      expect(await failureOf(pair, { sourceConn: url })).toMatch(/TSM5002.*wal_level/s);
    } finally {
      await server.stop();
    }
  });

  test.each([
    [
      '--sourceConn',
      { sourceConn: 'postgresql://nobody:hunter2@127.0.0.1:1/db' },
      /TSM2001.*127\.0\.0\.1:1/s,
    ],
    [
      '--targetConn',
      { targetConn: 'postgresql://nobody:hunter2@127.0.0.1:1/db' },
      /TSM2001.*127\.0\.0\.1:1/s,
    ],
    ['--sourceConn', { sourceConn: 'mongodb://x/y' }, /TSM1002/],
    ['a position', { until: 'nowhere' }, /TSM1004.*nowhere/s],
    ['a position', { acceptUpTo: 'somewhere' }, /TSM1004.*somewhere/s],
  ])('%s that leads nowhere', async (_flag, request, expected) => {
    const failure = await failureOf(pair, request);
    expect(failure).toMatch(expected);
    expect(failure).not.toContain('hunter2');
  });

  test('a target schema that is not there, or in another database', async () => {
    const database = new URL(pair.target).pathname.slice(1);
    expect(await failureOf(pair, { targetSchema: `${database}.nowhere` })).toMatch(
      /TSM7005.*schema nowhere.*--targetSchema/s,
    );
    expect(await failureOf(pair, { targetSchema: 'elsewhere.public' })).toMatch(
      /TSM1001.*elsewhere.*--targetConn/s,
    );
    expect(await failureOf(pair, { targetSchema: 'a.b.c' })).toMatch(/TSM1001.*database\.schema/s);
  });

  test('a staging schema that is missing, or cannot be made', async () => {
    expect(await failureOf(pair, { stagingSchema: 'nowhere', stagingCreateSchema: false })).toMatch(
      /TSM7004.*nowhere.*--stagingCreateSchema/s,
    );
  });

  test('a checkpoint of another source', async () => {
    const other = await slotPair();
    try {
      await other.onSource('CREATE TABLE t (id int PRIMARY KEY, v text)');
      expect(await failureOf(pair, { sourceConn: other.source, slotName: other.slot })).toMatch(
        /TSM7007.*staging schema of its own/s,
      );
    } finally {
      await other.drop();
    }
  });

  test('two tables of the source that would go to the same table of the target', async () => {
    await pair.onSource(
      'CREATE SCHEMA second',
      'CREATE TABLE second.t (id int PRIMARY KEY, v text)',
      `INSERT INTO second.t VALUES (1, 'second')`,
    );
    expect(await failureOf(pair, {})).toMatch(/TSM7005.*public\.t and second\.t.*--schema-filter/s);
    expect(await rowsOf(pair.target, 't')).toEqual([]);
    await follow(pair, { filters: { schema: 'public' } });
    expect(await rowsOf(pair.target, 't')).toEqual([]);
    await pair.onSource('DROP SCHEMA second CASCADE');
  });

  test('a slot that somebody else reads, and a stream that another process replicates', async () => {
    const first = startFollowing(pair);
    await first.said(/starting anew|going on/);
    const second = startReplicator(pair);
    await second.printed(/another process replicates this stream/);
    second.process.kill('SIGTERM');
    // It has begun nothing, so it is drained.
    expect((await second.finished).exitCode).toBe(0);
    const third = startFollowing(pair);
    await third.said(/another process replicates this stream/);
    await first.drain();
    await third.said(/going on from the checkpoint/);
    await pair.onSource(`INSERT INTO t VALUES (1, 'by the second')`);
    await third.drain();
    // In its own staging schema it is another stream to us, and the same slot to the server.
    const reader = startFollowing(pair);
    await reader.said(/going on from the checkpoint/);
    expect(await failureOf(pair, { stagingSchema: 'mine' })).toMatch(/TSM5005.*is read by process/s);
    await reader.drain();
    expect(reader.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('a slot that has moved on past the checkpoint', async () => {
    await pair.onSource(
      `INSERT INTO t VALUES (2, 'lost')`,
      `SELECT pg_replication_slot_advance('${pair.slot}', pg_current_wal_lsn())`,
    );
    expect(await failureOf(pair, {})).toMatch(/TSM5005.*changes since .* are missing/s);
  });
});

describe('from MySQL', () => {
  let pair: SlotPair;
  beforeAll(async () => {
    pair = await slotPair();
    await pair.onTarget('CREATE TABLE t (id int PRIMARY KEY, v text)');
  });
  afterAll(() => pair.drop());

  test('without a position, with one that is none, and with one that is gone', async () => {
    const server = await sharedServer('mysql');
    const { url, drop } = await createDatabase(server);
    try {
      await runMysql(url, 'CREATE TABLE t (id int PRIMARY KEY, v text)');
      const request = { sourceConn: url, stagingSchema: 'from_mysql' };
      expect(await failureOf(pair, request)).toMatch(/TSM7002.*--defaultGTIDSet/s);
      expect(await failureOf(pair, { ...request, defaultGTIDSet: 'garbage' })).toMatch(/TSM1004.*garbage/s);
      const [row] = await runMysql(url, 'SELECT @@server_uuid AS id');
      const gone = `${String(row?.['id'])}:1-999999999`;
      expect(await failureOf(pair, { ...request, defaultGTIDSet: gone })).toMatch(/TSM5005/);
    } finally {
      await drop();
    }
  });
});
