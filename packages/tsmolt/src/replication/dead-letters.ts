import { silentLogger, TsmoltError } from '@tsmolt/core';
import type { DeadLetter, DeadLetters, Database, Logger } from '@tsmolt/core';
import { ReplicationMetrics, retryDeadLetter, skipDeadLetter, TargetSchema } from '@tsmolt/replicator';
import type { ChangeScript } from '@tsmolt/replicator';
import { openConn, withOpened } from './open-databases.js';
import { replicationDefaults } from './replicate-request.js';
import { targetSchemaName } from './target-schema-name.js';

export interface DeadLetterRequest {
  readonly targetConn: string;
  /** `database.schema` of the target. */
  readonly targetSchema: string;
  readonly dlqTableName?: string;
  /** Whose `onWrite` writes the row that is retried. */
  readonly userscript?: string;
  readonly logger?: Logger;
}

/** Changes that were given up, the newest last. */
export function listDeadLetters(request: DeadLetterRequest, limit: number): Promise<readonly DeadLetter[]> {
  return withLetters(request, ({ letters }) => letters.list(limit));
}

/** @throws TsmoltError `TSM1001` where there is none of that id */
export function showDeadLetter(request: DeadLetterRequest, id: string): Promise<DeadLetter> {
  return withLetters(request, async ({ letters }) => {
    const letter = await letters.find(id);
    if (letter !== undefined) return letter;
    throw new TsmoltError('TSM1001', {
      message: `there is no dead letter ${id}`,
      advice: 'See `tsmolt replicator dlq list` for those that there are.',
    });
  });
}

/**
 * Applies it after all.
 *
 * @throws TsmoltError `TSM4011` when the target still refuses it, `TSM1001` where the userscript that wrote it was not given
 */
export function retryLetter(request: DeadLetterRequest, id: string): Promise<DeadLetter> {
  return withLetters(request, async ({ letters, target, schemaName, logger, script }) => {
    const { applyTarget } = target;
    if (applyTarget === undefined) throw new Error('the target cannot be written to');
    const schema = await TargetSchema.read({
      target,
      targetSchema: schemaName,
      schemaRefreshMs: replicationDefaults.schemaRefresh,
      logger,
      ...(script === undefined ? {} : { script }),
    });
    const signal = new AbortController().signal;
    return retryDeadLetter(id, {
      letters,
      schema,
      transaction: (work) =>
        applyTarget.transaction(work, { signal, timeoutMs: replicationDefaults.applyTimeout }),
    });
  });
}

/** Takes it away without applying it. */
export function skipLetter(request: DeadLetterRequest, id: string): Promise<DeadLetter> {
  return withLetters(request, ({ letters }) => skipDeadLetter(id, letters));
}

interface Opened {
  readonly letters: DeadLetters;
  readonly target: Database;
  readonly schemaName: string;
  readonly logger: Logger;
  readonly script: ChangeScript | undefined;
}

function withLetters<Result>(
  { targetConn, targetSchema, dlqTableName, userscript: file, logger = silentLogger() }: DeadLetterRequest,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  return withOpened(async (keep) => {
    const target = keep(
      await openConn(targetConn, '--targetConn', {
        allowUnencrypted: true,
        applicationName: 'tsmolt replicator dlq',
        maxConnections: 2,
        logger,
      }),
    );
    const schemaName = targetSchemaName(targetSchema, target.url);
    const table = dlqTableName ?? replicationDefaults.dlqTableName;
    const letters = target.deadLetters?.({ schema: schemaName, table });
    if (letters === undefined) throw new Error('this database holds no dead letters');
    if (file === undefined) return work({ letters, target, schemaName, logger, script: undefined });
    const { openUserscript } = await import('./userscript.js');
    const metrics = new ReplicationMetrics('dlq');
    const { script } = keep(
      await openUserscript({ file, target, targetSchema: schemaName, logger, metrics }),
    );
    return work({ letters, target, schemaName, logger, script });
  });
}
