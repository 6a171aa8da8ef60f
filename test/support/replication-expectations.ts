import { RandomConflicts } from '@tsmolt/testkit';
import { expect } from 'vitest';
import { longRun, ordealSeed } from './replication-ordeal.js';
import { hasBegun } from './replication-supervisor.js';
import type { OrdealResult } from './replication-ordeal.js';

/** Nothing lost, nothing twice, nothing by halves, nothing left over. */
export function expectSurvived(result: OrdealResult): void {
  const { committed, disturbances, conflicts, watched, supervisor, stopped, caughtUp, verified, journal } =
    result;
  const told = `seed ${ordealSeed}, ${committed} transactions, ${watched.looks} looks, disturbed by ${disturbances.join(', ')}; conflicts ${JSON.stringify(conflicts)}; ${result.streamed} streamed; warned:\n${supervisor.warnings.slice(-40).join('\n')}\n`;
  expect(supervisor.ownEnds, `${told}: a replicator ended by itself`).toEqual([]);
  // One that waits for a server or a lease says so, and has nothing to drain.
  expect(hasBegun(stopped.stdout) ? stopped.exitCode : 0, `${told}: ${stopped.failure}`).toBe(0);
  expect(caughtUp.exitCode, `${told}: ${caughtUp.failure}`).toBe(0);
  // What waits is missing from its transaction, for however short a time; nothing in this workload has to.
  const waited = [...supervisor.warnings, ...caughtUp.stdout.split('\n')].filter((line) =>
    line.includes('waits in staging'),
  );
  expect(waited, told).toEqual([]);
  expect(result.status.backlog, `${told}: changes that wait`).toEqual([]);
  expect(result.deadLetters.stdout, told).toBe('There are no dead letters.\n');
  expect(verified.exitCode, `${told}: ${verified.stdout}`).toBe(0);
  expect(watched.halves, `${told}: seen on the target`).toEqual([]);
  expect(journal, `${told}: written twice`).toEqual({
    rows: journal.rows,
    inserted: journal.rows,
    overwritten: '0',
  });
  expect(supervisor.peakBytes, told).toBeLessThan(300 * 1024 * 1024);
  // Otherwise nothing of this means anything.
  expect(watched.looks, told).toBeGreaterThan(10);
  expect(new Set(disturbances).size, told).toBeGreaterThan(2);
  expect(missedConflicts(conflicts), told).toEqual([]);
}

/** Kinds that have not happened, where they should: any in a short run, all in a long one. */
function missedConflicts(conflicts: OrdealResult['conflicts']): readonly string[] {
  if (conflicts === undefined) return [];
  const missed = RandomConflicts.kinds.filter((kind) => conflicts[kind] === undefined);
  return longRun || missed.length === RandomConflicts.kinds.length ? missed : [];
}
