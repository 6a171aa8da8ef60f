import { TsmoltError, withRetry } from '@tsmolt/core';

/**
 * Runs work that gives the same result when it is repeated, also where the first attempt has happened unseen: so it is, where
 * a connection is lost, a transaction is restarted, or the server does not know what became of it.
 */
export function repeated<Result>(work: () => Promise<Result>): Promise<Result> {
  return withRetry(async () => {
    try {
      return await work();
    } catch (thrown) {
      throw repeatable(thrown);
    }
  });
}

/** An outcome that nobody knows (SQLSTATE 40003) is no worse here than a connection that is lost. */
function repeatable(thrown: unknown): unknown {
  if (!(thrown instanceof TsmoltError) || thrown.code !== 'TSM4007') return thrown;
  return new TsmoltError('TSM2007', { message: thrown.message, advice: thrown.advice, cause: thrown });
}
