import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '@tsmolt/core';
import type { Logger } from '@tsmolt/core';
import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { CockroachStandIn, TestDatabase } from '@tsmolt/testkit';
import { replicate } from 'tsmolt';
import type { ReplicateRequest, ReplicationResult } from 'tsmolt';
import { onTestFinished } from 'vitest';
import { freshDatabase } from './scenario-databases.js';
import type { ScenarioDatabase } from './scenario-databases.js';
import type { Stream } from './replicator.js';
import type { LogLine } from './tsmolt.js';

/** What a replication that was run within the test has said. */
export interface Recorded {
  readonly logger: Logger;
  readonly lines: LogLine[];
  /** Resolves when a line says so. */
  said(message: RegExp): Promise<LogLine>;
}

export function recordedLog(): Recorded {
  const lines: LogLine[] = [];
  const listeners = new Set<() => void>();
  const logger = createLogger('trace', {
    write: (text: string) => {
      lines.push(JSON.parse(text) as LogLine);
      for (const listener of listeners) listener();
    },
  });
  const said = (message: RegExp): Promise<LogLine> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = lines.find((line) => message.test(line.message));
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  return { logger, lines, said };
}

/** An empty database of PostgreSQL with a publication and a slot, and an empty target. */
export interface SlotPair extends Stream {
  readonly slot: string;
  /** Runs statements on the source, one transaction each. */
  readonly onSource: (...statements: string[]) => Promise<void>;
  readonly onTarget: (...statements: string[]) => Promise<void>;
  /** The same on both: target first, as a person would. */
  readonly onBoth: (...statements: string[]) => Promise<void>;
  readonly drop: () => Promise<void>;
}

/**
 * @param standIn for a target that is CockroachDB, or what stands in for it; PostgreSQL 18 without it
 */
export async function slotPair(standIn?: CockroachStandIn): Promise<SlotPair> {
  const source = await createDatabase(await sharedServer('postgres18'));
  const target = await targetOf(standIn);
  const slot = `tsmolt_${source.name}`;
  await runSql(
    source.url,
    'CREATE PUBLICATION molt_fetch FOR ALL TABLES',
    `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`,
  );
  const run = async (url: string, statements: readonly string[]): Promise<void> => {
    await runSql(url, ...statements);
  };
  return {
    command: 'pglogical',
    source: source.url,
    target: target.url,
    from: ['--slotName', slot, '--publicationName', 'molt_fetch'],
    slot,
    onSource: (...statements) => run(source.url, statements),
    onTarget: (...statements) => run(target.url, statements),
    onBoth: async (...statements) => {
      await run(target.url, statements);
      await run(source.url, statements);
    },
    drop: async () => {
      await source.drop();
      await target.drop();
    },
  };
}

function targetOf(standIn: CockroachStandIn | undefined): Promise<TestDatabase | ScenarioDatabase> {
  if (standIn !== undefined) return freshDatabase('CockroachDB stand-in', standIn);
  return sharedServer('postgres18').then((server) => createDatabase(server));
}

/** What every replication of a test asks for. Batches are written as soon as they come. */
export function requestOf(stream: Stream): ReplicateRequest {
  const flags = Object.fromEntries(
    stream.from.flatMap((text, at) =>
      at % 2 === 0 ? [[text.replace(/^--/, ''), stream.from[at + 1] ?? '']] : [],
    ),
  );
  return {
    sourceConn: stream.source,
    targetConn: stream.target,
    targetSchema: targetSchemaOf(stream),
    stagingCreateSchema: true,
    flushPeriod: 10,
    retryMaxBackoff: 200,
    ...flags,
  };
}

/** `database.schema`. */
export function targetSchemaOf({ target }: Stream): string {
  return `${new URL(target).pathname.slice(1)}.public`;
}

/** Replicates within the test everything that the source has committed. */
export function follow(stream: Stream, request: Partial<ReplicateRequest> = {}): Promise<ReplicationResult> {
  return replicate({ ...requestOf(stream), until: 'now', ...request });
}

/** Replicates within the test until it is told to end. */
export interface Following extends Recorded {
  readonly ended: Promise<ReplicationResult>;
  /** Drains, and waits for the end. */
  readonly drain: () => Promise<ReplicationResult>;
}

export function startFollowing(stream: Stream, request: Partial<ReplicateRequest> = {}): Following {
  const recorded = recordedLog();
  const [drain, stop] = [new AbortController(), new AbortController()];
  const ended = replicate({
    ...requestOf(stream),
    logger: recorded.logger,
    drain: drain.signal,
    signal: stop.signal,
    ...request,
  });
  // The test hears of a failure when it waits for the end, or for a line that will not come any more.
  const over = ended.then(
    () => new Error('ended'),
    (thrown: unknown) => thrown,
  );
  onTestFinished(async () => {
    stop.abort();
    await over;
  });
  return {
    ...recorded,
    said: (message) =>
      Promise.race([recorded.said(message), over.then((reason) => Promise.reject(new Error(`did not say ${message}`, { cause: reason })))]), // prettier-ignore
    ended,
    drain: () => {
      drain.abort();
      return ended;
    },
  };
}

/** Rows as the database itself prints them. */
export async function rowsOf(url: string, table: string): Promise<string[]> {
  const rows = await runSql<{ row: string }>(
    url,
    `SELECT t::text AS row FROM ${table} t ORDER BY t::text COLLATE "C"`,
  );
  return rows.map(({ row }) => row);
}

/** Where tables have other rows on the target than on the source: `-` for what is on the source alone, `+` for the target. */
export async function differences(stream: Stream, ...tables: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of tables) {
    const [source, target] = [await rowsOf(stream.source, table), await rowsOf(stream.target, table)];
    const [onSource, onTarget] = [new Set(source), new Set(target)];
    found.push(
      ...source.filter((row) => !onTarget.has(row)).map((row) => `- ${table} ${row}`),
      ...target.filter((row) => !onSource.has(row)).map((row) => `+ ${table} ${row}`),
    );
    if (source.length !== target.length) found.push(`${table}: ${source.length} and ${target.length} rows`);
  }
  return found;
}

/** Resolves with the first answer that is not undefined. It is asked again and again, because nobody tells. */
export async function answered<Answer>(
  ask: () => Promise<Answer | undefined>,
  what: string,
): Promise<Answer> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await delay(20);
  }
}

/** Resolves when a statement gives rows. */
export async function arrives(url: string, statement: string): Promise<void> {
  await answered(async () => ((await runSql(url, statement)).length > 0 ? true : undefined), statement);
}

/** What waits in staging, as text; it is taken away, so that a test leaves nothing to the next one. */
export async function takeWaiting(url: string): Promise<string[]> {
  const tables = await runSql<{ name: string }>(
    url,
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_schema = '_replicator' AND table_name NOT IN ('memo', 'leases', 'spilled_transactions')`,
  );
  const waiting: string[] = [];
  for (const { name } of tables) {
    const rows = await runSql<{ line: string }>(
      url,
      `DELETE FROM _replicator.${name} WHERE NOT applied RETURNING concat_ws(' ', table_name, kind, key, reason) AS line`,
    );
    waiting.push(...rows.map(({ line }) => line));
  }
  return waiting;
}
