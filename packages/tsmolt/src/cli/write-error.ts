import { asTsmoltError } from '@tsmolt/core';

/** An error as a person reads it on the terminal. */
export function writeError(thrown: unknown): void {
  const error = asTsmoltError(thrown);
  process.stderr.write(`Error ${error.code}: ${error.message}\n${error.advice}\n`);
}
