import { displayName, TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, DeadLetter, DeadLetters } from '@tsmolt/core';
import type { TargetSchema } from '../apply/target-schema.js';
import { applyStaged } from '../apply/waiting-changes.js';
import type { ByScript } from '../apply/waiting-changes.js';

export interface DeadLetterOptions {
  readonly letters: DeadLetters;
  readonly schema: TargetSchema;
  readonly transaction: <Result>(work: (transaction: ApplyTransaction) => Promise<Result>) => Promise<Result>;
}

/**
 * Applies a dead letter after all, and takes it away. Changes of its row that wait behind it follow by themselves.
 *
 * @throws TsmoltError `TSM4011` when the target still refuses it: it stays; `TSM1001` where it was for the userscript to
 *   write, and there is none
 */
export async function retryDeadLetter(id: string, options: DeadLetterOptions): Promise<DeadLetter> {
  const letter = await existing(id, options.letters);
  const { tables, steps } = options.schema;
  refuseWithoutScript(letter, steps.script !== undefined);
  await options.transaction(async (transaction) => {
    await applyStaged(transaction, letter, { tables, steps: { ...steps, trusting: false } });
    await options.letters.remove(id, transaction);
  });
  return letter;
}

function refuseWithoutScript(letter: DeadLetter & ByScript, given: boolean): void {
  if (given || letter.byScript !== true) return;
  throw new TsmoltError('TSM1001', {
    message: `the rows of ${displayName(letter.table)} are written by the userscript's onWrite, and --userscript is missing`,
    advice: 'Give the --userscript that the replication runs with.',
  });
}

/** Takes a dead letter away without applying it: a person has decided that it never will be. */
export async function skipDeadLetter(id: string, letters: DeadLetters): Promise<DeadLetter> {
  const letter = await existing(id, letters);
  await letters.remove(id);
  return letter;
}

async function existing(id: string, letters: DeadLetters): Promise<DeadLetter> {
  const letter = await letters.find(id);
  if (letter !== undefined) return letter;
  throw new TsmoltError('TSM1001', {
    message: `there is no dead letter ${id}`,
    advice: 'See `tsmolt replicator dlq list` for those that there are.',
  });
}
