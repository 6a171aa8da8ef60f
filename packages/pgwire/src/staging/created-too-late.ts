import { asTsmoltError, TsmoltError } from '@tsmolt/core';

/**
 * A transaction that began before a table was made may not see it; the next one does.
 *
 * @param thrown what a statement on a table threw that has just been made
 */
export function createdTooLate(thrown: unknown, table: string): unknown {
  const error = asTsmoltError(thrown);
  if (error.code !== 'TSM3002') return thrown;
  return new TsmoltError('TSM4003', {
    message: `${table} was made after the transaction had begun: ${error.message}`,
    advice: 'It is tried again.',
    cause: error,
  });
}
