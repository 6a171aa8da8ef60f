import { expect, test, vi } from 'vitest';
import { silentLogger, TsmoltError } from '@tsmolt/core';
import type { Lease, StagingStore } from '@tsmolt/core';
import { holdLease } from './hold-lease.js';
import { ReplicationMetrics } from './replication-metrics.js';
import { ReplicationState } from './replication-state.js';

const stoodStill = new TsmoltError('TSM2007', { message: 'this process stood still', advice: '' });
const unreachable = new TsmoltError('TSM2007', { message: 'connection lost', advice: '' });

interface LosableLease extends Lease {
  readonly lose: () => void;
}

function losable(): LosableLease {
  const controller = new AbortController();
  return {
    lost: controller.signal,
    lose: () => controller.abort(stoodStill),
    release: () => Promise.resolve(),
  };
}

/** @param answers what each request for the lease gets */
function optionsFor(answers: readonly (Lease | Error | undefined)[]) {
  let next = 0;
  const acquireLease = (): Promise<Lease | undefined> => {
    const answer = answers[next++];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return {
    staging: { acquireLease } as unknown as StagingStore,
    memoKey: 'stream',
    logger: silentLogger(),
    state: new ReplicationState(),
    metrics: new ReplicationMetrics('pglogical'),
    signal: new AbortController().signal,
    drain: new AbortController().signal,
  };
}

/** Work that lasts until its signal is fired. */
function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new TsmoltError('TSM1005', { message: 'stopped', advice: '' })),
    );
  });
}

test('after a lost lease the work begins anew with the next one, through an outage', async () => {
  vi.useFakeTimers();
  const [first, second, third] = [losable(), losable(), losable()];
  const work = vi
    .fn<(signal: AbortSignal) => Promise<string>>()
    .mockImplementationOnce((signal) => untilStopped(signal))
    .mockRejectedValueOnce(unreachable)
    .mockResolvedValueOnce('done');
  const options = optionsFor([first, unreachable, undefined, second, third]);
  const warned = vi.spyOn(options.logger, 'warn');
  const held = holdLease(options, work);
  await vi.advanceTimersByTimeAsync(10);
  first.lose();
  await vi.advanceTimersByTimeAsync(5000);
  expect(await held).toBe('done');
  expect(work).toHaveBeenCalledTimes(3);
  const words = warned.mock.calls.map((call) => call.find((part) => typeof part === 'string'));
  expect(words).toEqual([
    'this process stood still; going on from the checkpoint with the next lease',
    'another process replicates this stream, or was killed a moment ago; waiting for its lease',
    'connection lost; going on from the checkpoint with the next lease',
  ]);
  vi.useRealTimers();
});

test('who waits for the lease of another process outlives an outage', async () => {
  vi.useFakeTimers();
  const work = vi.fn<(signal: AbortSignal) => Promise<string>>().mockResolvedValue('done');
  const held = holdLease(optionsFor([undefined, unreachable, losable()]), work);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await held).toBe('done');
  vi.useRealTimers();
});

test('a staging database that cannot be reached at the start is an error', async () => {
  const work = vi.fn<(signal: AbortSignal) => Promise<string>>();
  await expect(holdLease(optionsFor([unreachable]), work)).rejects.toThrow('connection lost');
  expect(work).not.toHaveBeenCalled();
});

test.each([
  ['holds it', () => Promise.resolve(undefined)],
  ['has it locked', () => new Promise<undefined>(() => undefined)],
])('to drain while another process %s is to end with nothing', async (_, acquireLease) => {
  const drain = new AbortController();
  const work = vi.fn<(signal: AbortSignal) => Promise<string>>();
  const staging = { acquireLease } as unknown as StagingStore;
  const held = holdLease({ ...optionsFor([]), staging, drain: drain.signal }, work);
  drain.abort();
  expect(await held).toBeUndefined();
  expect(work).not.toHaveBeenCalled();
});

test('what the work throws while the lease is held is thrown', async () => {
  const work = vi.fn<(signal: AbortSignal) => Promise<string>>().mockRejectedValue(unreachable);
  await expect(holdLease(optionsFor([losable()]), work)).rejects.toThrow('connection lost');
});
