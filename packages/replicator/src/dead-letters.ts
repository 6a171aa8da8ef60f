import { TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, DeadLetter, DeadLetters } from '@tsmolt/core';
import { tableOrder } from './table-order.js';
import type { TargetSchema } from './target-schema.js';
import { applyStaged } from './waiting-changes.js';

export interface DeadLetterOptions {
  readonly letters: DeadLetters;
  readonly schema: TargetSchema;
  readonly transaction: <Result>(work: (transaction: ApplyTransaction) => Promise<Result>) => Promise<Result>;
}

/**
 * Applies a dead letter after all, and takes it away. Changes of its row that wait behind it follow by themselves.
 *
 * @throws TsmoltError `TSM4011` when the target still refuses it: it stays
 */
export async function retryDeadLetter(id: string, options: DeadLetterOptions): Promise<DeadLetter> {
  const letter = await existing(id, options.letters);
  const { tables } = options.schema;
  const steps = { order: tableOrder(tables.all), tables, script: undefined, trusting: false };
  await options.transaction(async (transaction) => {
    await applyStaged(transaction, letter, { tables, steps });
    await options.letters.remove(id, transaction);
  });
  return letter;
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
