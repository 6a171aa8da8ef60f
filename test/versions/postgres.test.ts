import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDatabase,
  createEdgeTable,
  embeddedVersions,
  missingPostgres,
  runSql,
  sharedServer,
  startPostgres,
  startPostgres15,
} from '@tsmolt/testkit';
import type { RunningServer, ServerAddress, TestDatabase } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowsOf } from '../support/replication.js';
import { catchUp, fetchFrom } from '../support/replicator.js';
import type { Finished, LogLine } from '../support/tsmolt.js';
import { tsmoltVerify } from '../support/verify.js';

interface Version {
  readonly version: string;
  readonly start: () => Promise<RunningServer>;
  /** Why it cannot be had here. */
  readonly missing: string | undefined;
}

const versions: Version[] = [
  ...(await Promise.all(
    embeddedVersions
      .filter((version) => version !== '18')
      .map(async (version) => ({
        version,
        start: () => startPostgres(version),
        missing: await missingPostgres(version),
      })),
  )),
  // Debian's, which says itself what would get it.
  { version: '15', start: () => startPostgres15(), missing: undefined },
];

/** What the edge tables do not have: values out of line, a key of two columns, names that need quotes, old rows as a whole. */
const tables = [
  'CREATE TABLE edge.large (id int PRIMARY KEY, n int, v text, b bytea)',
  'CREATE TABLE edge.emptied (id int PRIMARY KEY, v text)',
  'CREATE TABLE edge."Mixed Case" ("Id" int, "select" text, "Ünïcode" text, PRIMARY KEY ("select", "Id"))',
  'CREATE TABLE edge.whole (id int PRIMARY KEY, v text, w numeric(12,2))',
];
const rows = [
  'ALTER TABLE edge.large ALTER v SET STORAGE EXTERNAL',
  'ALTER TABLE edge.whole REPLICA IDENTITY FULL',
  `INSERT INTO edge.large SELECT i, i, repeat('😀', 5000), decode(repeat('00ff5c', 4000), 'hex') FROM generate_series(1, 6) i`,
  `INSERT INTO edge.emptied SELECT i, 'before' FROM generate_series(1, 50) i`,
  `INSERT INTO edge."Mixed Case" VALUES (1, 'quote " and '' and \\', '{"a"}'), (2, '', NULL), (3, E'tab\\tline\\n', 'NULL')`,
  `INSERT INTO edge.whole SELECT i, 'v' || i, i FROM generate_series(1, 9) i`,
];
const changes = [
  `UPDATE edge.large SET n = n + 100 WHERE id <= 2`,
  `UPDATE edge.large SET id = id + 10, v = v || '!' WHERE id = 3`,
  `UPDATE edge.large SET id = id + 10 WHERE id = 4`,
  `INSERT INTO edge.large VALUES (20, 20, repeat('日本', 9000), NULL); DELETE FROM edge.large WHERE id = 5`,
  `TRUNCATE edge.emptied; INSERT INTO edge.emptied VALUES (7, 'after')`,
  `UPDATE edge."Mixed Case" SET "Id" = "Id" + 10, "Ünïcode" = 'moved' WHERE "Id" > 1`,
  `UPDATE edge.whole SET id = id + 100, w = NULL WHERE id < 4; DELETE FROM edge.whole WHERE id = 9`,
];

/** Its rows once more under other keys, changed, moved and deleted. */
function edgeChanges(table: string): string[] {
  return [
    `INSERT INTO edge.${table} SELECT id + 1000, v FROM edge.${table}`,
    `UPDATE edge.${table} SET v = NULL WHERE id = 1001`,
    `UPDATE edge.${table} SET id = id + 1000 WHERE id > 1003`,
    `DELETE FROM edge.${table} WHERE id < 1000 AND id % 2 = 0`,
  ];
}

/** `server_version_num`, as far as it tells versions apart. */
function numberOf({ version }: ServerAddress): number {
  return Number.parseInt(version, 10) * 10_000;
}

interface Outcome {
  readonly replicated: Finished;
  readonly verified: Finished;
  /** What verify has found, beside that it went well. */
  readonly complaints: readonly LogLine[];
  readonly tables: number;
  readonly emptied: readonly string[];
  readonly large: readonly string[];
}

async function migrate(from: ServerAddress, to: ServerAddress): Promise<Outcome> {
  const [source, target] = [await createDatabase(from), await createDatabase(to)];
  try {
    return await move(source, target, Math.min(numberOf(from), numberOf(to)));
  } finally {
    // The other one goes with its server.
    await (numberOf(from) > numberOf(to) ? source : target).drop();
  }
}

/** Fetches, changes every row in one way or another, replicates, and asks whether both sides are equal. */
async function move(source: TestDatabase, target: TestDatabase, oldest: number): Promise<Outcome> {
  const edges = await createEdgeTable(source.url, oldest);
  await runSql(source.url, ...tables, ...rows);
  const stream = await fetchFrom(source.url, target.url);
  await runSql(source.url, ...edges.flatMap(({ table }) => edgeChanges(table)), ...changes);
  const replicated = await catchUp(stream, '--targetSchema', `${target.name}.edge`, '--onTruncate', 'apply');
  const verified = await tsmoltVerify(source.url, target.url, '--schema-filter', 'edge');
  return {
    replicated,
    verified,
    complaints: verified.log.filter((line) => line.level !== 'info' || Number(line['num_mismatch'] ?? 0) > 0),
    tables: edges.length + tables.length,
    emptied: await rowsOf(target.url, 'edge.emptied'),
    large: await rowsOf(target.url, '(SELECT id, n FROM edge.large)'),
  };
}

/** Every way in which a repair writes a byte, or finds a row by it. */
const byteRows = {
  source: `INSERT INTO bytes VALUES ((-1)::"char", 1, 'a'), ('\\', 2, (-128)::"char"), (127::"char", 3, (-3)::"char"), ('x', 4, NULL)`,
  target: `INSERT INTO bytes VALUES ('\\', 2, 'b'), (127::"char", 3, (-2)::"char"), ('x', 4, (-4)::"char"), ((-5)::"char", 5, NULL)`,
} as const;

async function repairBytes(
  from: ServerAddress,
  to: ServerAddress,
): Promise<Finished & { repaired: string[] }> {
  const [source, target] = [await createDatabase(from), await createDatabase(to)];
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-bytes-'));
  try {
    const table = 'CREATE TABLE bytes (b "char" PRIMARY KEY, n int, v "char")';
    await runSql(source.url, table, byteRows.source);
    await runSql(target.url, table, byteRows.target);
    const file = join(folder, 'repair.sql');
    const run = await tsmoltVerify(source.url, target.url, '--repair-file', file, '--repair-apply');
    return { ...run, repaired: await rowsOf(target.url, '(SELECT b::int, n, v::int AS v FROM bytes)') };
  } finally {
    await rm(folder, { recursive: true });
    await source.drop();
  }
}

/** The others are targets in long runs alone. */
const asTargets =
  process.env['TSMOLT_TEST_LONG'] === undefined ? ['11', '12', '17'] : versions.map(({ version }) => version);

// One server after another, none longer than its tests. What is in it goes with it.
describe.each(versions.map((one) => [one.version, one.missing ?? 'and PostgreSQL 18', one] as const))(
  'PostgreSQL %s: %s',
  (version, _, { start, missing }) => {
    describe.runIf(missing === undefined)('fetched, replicated, verified', () => {
      let server: RunningServer;
      let newest: ServerAddress;
      beforeAll(async () => {
        [server, newest] = [await start(), await sharedServer('postgres18')];
      });
      afterAll(() => server.stop());

      test.runIf(asTargets.includes(version) && Number(version) < 16)(
        'a repair writes the bytes of "char" beyond ASCII',
        async () => {
          const run = await repairBytes(newest, server);
          expect(run.repaired).toEqual(['(-1,1,97)', '(120,4,)', '(127,3,-3)', '(92,2,-128)']);
          expect(run.line('repair complete')).toMatchObject({ num_refused: 0, num_without_effect: 0, num_remaining: 0 }); // prettier-ignore
          expect(run.exitCode, run.failure).toBe(0);
        },
      );

      const sides = asTargets.includes(version) ? ['source', 'target'] : ['source'];
      test.each(sides)('as a %s', async (side) => {
        const outcome = side === 'source' ? await migrate(server, newest) : await migrate(newest, server);
        expect(outcome.replicated.exitCode, outcome.replicated.failure).toBe(0);
        expect(outcome.complaints).toEqual([]);
        expect(outcome.verified.exitCode, outcome.verified.failure).toBe(0);
        const summaries = outcome.verified.log.filter(({ type }) => type === 'summary');
        expect(summaries).toHaveLength(outcome.tables);
        // Not only equal: it is what was to come.
        expect(outcome.emptied).toEqual(['(7,after)']);
        expect(outcome.large).toEqual(['(1,101)', '(13,3)', '(14,4)', '(2,102)', '(20,20)', '(6,6)']);
      });
    });
  },
);
