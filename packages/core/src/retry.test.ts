import { describe, expect, it, vi } from 'vitest';
import { TsmoltError } from './errors.js';
import { defaultRetryPolicy, repeated, withRetry } from './retry.js';

const policy = { ...defaultRetryPolicy, initialBackoffMs: 1, maxBackoffMs: 4 };
const lost = (): TsmoltError => new TsmoltError('TSM2007', { message: 'connection lost', advice: 'Wait.' });
const refused = (): TsmoltError =>
  new TsmoltError('TSM2003', { message: 'login refused', advice: 'Log in.' });

/** Fails with these errors, one an attempt, and then succeeds. */
function failing(...errors: Error[]): (attempt: number) => Promise<string> {
  return (attempt) => {
    const error = errors[attempt];
    return error === undefined ? Promise.resolve(`attempt ${attempt}`) : Promise.reject(error);
  };
}

describe('withRetry', () => {
  it('tries again while the error may pass, and says so each time', async () => {
    const onRetry = vi.fn<(error: TsmoltError, attempt: number, waitMs: number) => void>();
    await expect(withRetry(failing(lost(), lost()), { policy, onRetry })).resolves.toBe('attempt 2');
    expect(onRetry.mock.calls.map(([error, attempt]) => [error.code, attempt])).toEqual([
      ['TSM2007', 1],
      ['TSM2007', 2],
    ]);
  });

  it('waits longer each time, up to the limit', async () => {
    const waits: number[] = [];
    const onRetry = (_error: TsmoltError, _attempt: number, waitMs: number): number => waits.push(waitMs);
    await expect(
      withRetry(failing(...Array.from({ length: 9 }, lost)), {
        policy: { ...policy, maxAttempts: 5 },
        onRetry,
      }),
    ).rejects.toThrow('connection lost');
    expect(waits).toHaveLength(5);
    expect(waits[0]).toBeLessThanOrEqual(1);
    expect(Math.max(...waits)).toBeLessThanOrEqual(4);
  });

  it('gives up at once on what a person has to change', async () => {
    const work = vi.fn(failing(refused()));
    await expect(withRetry(work, { policy })).rejects.toThrow('login refused');
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('does not retry what it does not know', async () => {
    await expect(withRetry(failing(new Error('boom')), { policy })).rejects.toMatchObject({
      code: 'TSM9001',
    });
  });

  it('does not begin a wait that would outlast the time allowed', async () => {
    const slow = { ...policy, maxDurationMs: 50, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
    await expect(withRetry(failing(lost()), { policy: slow })).rejects.toThrow('connection lost');
  });

  it('stops when its signal fires, before the work and during a wait', async () => {
    await expect(withRetry(failing(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'TSM1005',
    });
    const controller = new AbortController();
    const slow = { ...policy, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
    const stopped = withRetry(failing(lost()), {
      policy: slow,
      signal: controller.signal,
      onRetry: () => controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'TSM1005' });
  });
});

describe('repeated', () => {
  const unknown = (): TsmoltError => new TsmoltError('TSM4007', { message: 'nobody knows', advice: 'look' });

  it('repeats also what may have happened', async () => {
    const work = vi.fn(failing(unknown(), lost()));
    await repeated(work, { policy });
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('ends with an error that may pass, and its cause', async () => {
    const once = { ...policy, maxAttempts: 0 };
    await expect(repeated(failing(unknown()), { policy: once })).rejects.toMatchObject({
      code: 'TSM2007',
      cause: { code: 'TSM4007' },
    });
  });

  it('does not repeat what a person has to look at', async () => {
    const work = vi.fn(failing(refused()));
    await expect(repeated(work, { policy })).rejects.toThrow('login refused');
    expect(work).toHaveBeenCalledTimes(1);
  });
});
