import type { ClientBase } from 'pg';
import { displayFile, TsmoltError } from '@tsmolt/core';
import type { FileKey, LoadReceipt } from '@tsmolt/core';
import { statusSchema } from './layout.js';

const ofFile = 'fetch_id = $1 AND table_number = $2 AND shard = $3 AND part = $4';

function valuesOf(file: FileKey): (string | number)[] {
  return [file.fetchId, file.table, file.shard, file.part];
}

/**
 * Marks the file as loaded, in the transaction that is going to load it. It locks the file's row: who asks for the file
 * meanwhile waits for the end of this transaction.
 *
 * @throws TsmoltError `TSM4010` when the file is loaded already or somebody else has it
 */
export async function writeReceipt(client: ClientBase, { file, worker }: LoadReceipt): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE ${statusSchema}.files SET state = 'loaded' WHERE ${ofFile} AND claimed_by = $5 AND state <> 'loaded'`,
    [...valuesOf(file), worker],
  );
  if (rowCount !== 1) throw takenOver(displayFile(file));
}

/** Whether the file's rows are there, after every transaction that was about to decide it has ended. */
export async function receiptExists(client: ClientBase, { file }: LoadReceipt): Promise<boolean> {
  const { rows } = await client.query<{ state: string }>(
    `SELECT state FROM ${statusSchema}.files WHERE ${ofFile} FOR UPDATE`,
    valuesOf(file),
  );
  return rows[0]?.state === 'loaded';
}

/** @param what the unit that was lost */
export function takenOver(what: string): TsmoltError {
  return new TsmoltError('TSM4010', {
    message: `${what} was taken over by another process that continues the same fetch`,
    advice: 'Let that process finish, or stop it before this fetch is continued again.',
  });
}
