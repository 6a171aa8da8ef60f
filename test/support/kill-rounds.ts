import { seededRandom } from '@tsmolt/testkit';
import type { SeededRandom } from '@tsmolt/testkit';
import { expect } from 'vitest';
import { killNow, StatusWatch } from './fetch-status.js';
import { fingerprints } from './fingerprints.js';
import type { Fingerprint } from './fingerprints.js';
import type { Storage } from './storages.js';
import { startFetch, tsmolt } from './tsmolt.js';
import type { Running } from './tsmolt.js';

/** A fetch that is killed again and again. */
export interface KillRounds {
  readonly source: string;
  readonly target: string;
  /** The target's database without a stand-in in front of it; the target itself unless given. */
  readonly inspect?: string;
  readonly tables: readonly string[];
  /** What the source holds, where it is not PostgreSQL. */
  readonly expected?: readonly Fingerprint[];
  readonly args: readonly string[];
  readonly storage: Storage;
  readonly points: readonly string[];
  /** More points, by name: each waits until its moment has come. */
  readonly moments?: Readonly<Record<string, (round: Round) => Promise<void>>>;
  /** Called after each kill and before the next process is started. */
  readonly afterKill?: (random: SeededRandom) => void;
  /** Called with each process that goes on with the fetch. */
  readonly onContinued?: (run: Running) => void;
}

/** One process of the fetch, and what is known about it. */
export interface Round {
  readonly run: Running;
  readonly watch: StatusWatch;
  readonly random: SeededRandom;
}

const longRun = process.env['TSMOLT_TEST_LONG'] === '1';
const seed = Number(process.env['TSMOLT_TEST_SEED'] ?? 1);

/** Each point once, or several times in a long run. */
export function killPoints(...more: readonly string[]): string[] {
  const times = longRun ? 4 : 1;
  return ['export', 'upload', 'import', ...more].flatMap((point) =>
    Array.from({ length: times }, () => point),
  );
}

/** Kills at each of the points, goes on after each, and makes sure that in the end every row is there once. */
export async function survives(rounds: KillRounds): Promise<void> {
  const random = seededRandom(seed);
  const inspect = rounds.inspect ?? rounds.target;
  const watch = await StatusWatch.open(inspect);
  try {
    for (const [round, point] of rounds.points.entries()) {
      const run = await start(rounds, round, watch);
      await arriveAt(point, rounds, { run, watch, random });
      await killNow(run);
      rounds.storage.letGo();
      rounds.afterKill?.(random);
    }
    const last = await start(rounds, rounds.points.length, watch);
    const finished = await last.finished;
    expect(finished.exitCode, `seed ${seed}: ${finished.failure}`).toBe(0);
    await expectWhole(rounds, watch);
  } finally {
    await watch.close();
  }
}

async function start(rounds: KillRounds, round: number, watch: StatusWatch): Promise<Running> {
  const args = [...rounds.args, ...rounds.storage.args, '--table-handling', 'drop-on-target-and-recreate'];
  if (round === 0) return startFetch(rounds.source, rounds.target, ...args);
  const run = startFetch(rounds.source, rounds.target, ...args, '--fetch-id', await watch.fetchId());
  rounds.onContinued?.(run);
  return run;
}

/** Somewhere in the middle of it: further than the last time, and not at the end. */
async function arriveAt(point: string, rounds: KillRounds, round: Round): Promise<void> {
  const { run, watch, random } = round;
  const before = await watch.progress();
  switch (point) {
    case 'export': {
      const wanted = before.exported + 1 + random.below(4);
      // Tables that are not cut have one range each, which is noted when its export begins.
      return watch.until(
        run,
        ({ exported, ranges }) =>
          exported > before.exported && exported < ranges && (exported >= wanted || wanted >= ranges),
      );
    }
    case 'upload': {
      const wanted = before.exported + random.below(3);
      await watch.until(run, ({ run: state, exported }) => state === 'running' && exported >= wanted);
      return rounds.storage.uploading();
    }
    case 'import': {
      const wanted = before.loaded + 1 + random.below(8);
      return watch.until(run, ({ loaded, files }) => loaded >= wanted && loaded < files);
    }
    default:
      return rounds.moments?.[point]?.(round);
  }
}

/** Every row once, every file accounted for, and nothing left to continue. */
async function expectWhole(
  { source, target, inspect = target, tables, storage, expected: known }: KillRounds,
  watch: StatusWatch,
): Promise<void> {
  const held = known ?? (await fingerprints(source, tables));
  expect(await fingerprints(inspect, tables)).toEqual(held);
  const { run, ranges, exported, files, loaded } = await watch.progress();
  expect({ run, exported, loaded }).toEqual({ run: 'complete', exported: ranges, loaded: files });
  expect(await storage.list(), 'no file but those that were loaded').toEqual(await watch.fileNames());
  const tokens = await tsmolt(
    ...['fetch', 'tokens', 'list', '--conn-string', target, '--allow-tls-mode-disable', '--json'],
  );
  expect(tokens.stdout, tokens.failure).toBe('[]\n');
}
