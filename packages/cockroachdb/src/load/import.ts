import { setTimeout as delay } from 'node:timers/promises';
import { asTsmoltError, displayName, stoppedOnRequest, TsmoltError, withRetry } from '@tsmolt/core';
import type { FileImporter, ImportRequest, Logger, TableName, UnvalidatedConstraint } from '@tsmolt/core';
import { classify } from '@tsmolt/pgwire';
import type { Server, SessionPool } from '@tsmolt/pgwire';
import {
  alreadyImporting,
  cancelledBySomebody,
  importRefused,
  outcomeUnknown,
  withoutSecrets,
} from './import-errors.js';
import { followJob, jobNumber } from './import-jobs.js';
import type { EndedJob } from './import-jobs.js';
import { describesFiles, importStatement, mayBeInto } from './import-statement.js';
import { unvalidatedConstraints } from './unvalidated-constraints.js';

/** A job whose client went away may be listed only a moment later: how often, and how long apart, it is looked for. */
const looksForLostJob = 5;
const betweenLooksMs = 500;

/** Imports files as jobs of CockroachDB (IMPORT INTO), which reads them by itself. */
export class CockroachImporter implements FileImporter {
  readonly #pool: SessionPool;
  readonly #server: Server;
  readonly #logger: Logger;

  constructor(pool: SessionPool, server: Server, logger: Logger) {
    this.#pool = pool;
    this.#server = server;
    this.#logger = logger;
  }

  async importFiles(request: ImportRequest): Promise<void> {
    const { table, signal } = request;
    const job = request.job ?? (await withRetry(() => this.#start(request), { signal }));
    try {
      await request.onJob(job);
    } catch (thrown) {
      await this.#undoUnnoted(job, request, asTsmoltError(thrown));
      throw thrown;
    }
    refuseUnlessSucceeded(await this.#follow(job, table, request), job, request);
    request.onProgress(1);
  }

  async #follow(
    job: string,
    table: TableName,
    { signal, onProgress }: Pick<ImportRequest, 'signal' | 'onProgress'>,
  ): Promise<EndedJob> {
    const onPaused = (): void =>
      this.#logger.warn(
        { job, table: displayName(table) },
        `import job ${job} is paused on the target: RESUME JOB ${job} lets it go on`,
      );
    try {
      return await followJob(this.#pool, job, { signal, onProgress, onPaused });
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      throw outcomeUnknown(table, `job ${job} runs on, and cannot be asked for its end: ${reason}`, thrown);
    }
  }

  /**
   * A job that nobody could note must not go on: the next run would import its files again. Where another process has taken
   * over, the job is that one's.
   */
  async #undoUnnoted(job: string, { table }: ImportRequest, failure: TsmoltError): Promise<void> {
    if (failure.code === 'TSM4010') return;
    const { end } = await this.#follow(job, table, {
      signal: AbortSignal.abort(),
      onProgress: () => undefined,
    });
    if (end === 'failed' || end === 'canceled') return;
    throw outcomeUnknown(table, `job ${job} could not be noted, and its end is: ${end}`, failure);
  }

  async findJob(request: Pick<ImportRequest, 'table' | 'files' | 'since'>): Promise<string | undefined> {
    return this.#pool.use(`looking for an import of ${displayName(request.table)}`, async (client) => {
      const { rows } = await client.query<{ job_id: string; status: string; description: string }>(
        `SELECT job_id, status, description FROM [SHOW JOBS]
          WHERE job_type = 'IMPORT' AND created >= '${request.since.toISOString()}'::TIMESTAMPTZ ORDER BY created DESC`,
      );
      for (const row of rows) {
        // What has failed or was cancelled has left nothing behind: such files may be imported again.
        if (/^(failed|canceled)/.test(row.status) || !mayBeInto(row.description, request.table.table))
          continue;
        const whole = await client.query<{ description: string }>(
          `SELECT description FROM [SHOW JOB ${jobNumber(row.job_id)}]`,
        );
        if (describesFiles(whole.rows[0]?.description ?? '', request.files)) return row.job_id;
      }
      return undefined;
    });
  }

  unvalidatedConstraints(tables: readonly TableName[]): Promise<UnvalidatedConstraint[]> {
    return unvalidatedConstraints(this.#pool, tables);
  }

  /** Starts the job; when the answer is lost, finds out whether it was. */
  async #start(request: ImportRequest): Promise<string> {
    const subject = `importing ${displayName(request.table)}`;
    const lease = await this.#pool.lease(subject);
    try {
      const { rows } = await lease.client.query<{ job_id: string }>(importStatement(request));
      lease.release();
      return jobNumber(rows[0]?.job_id ?? '');
    } catch (thrown) {
      lease.destroy();
      const error = withoutSecrets(classify(thrown, this.#server.url, subject), request.files);
      if (/is offline: importing/.test(error.message)) throw alreadyImporting(request.table);
      if (error.code !== 'TSM2007' && error.code !== 'TSM4007') throw error;
      return await this.#findLostJob(request, error);
    }
  }

  /** @throws the error that lost it, as one to try again, where no job is there */
  async #findLostJob(request: ImportRequest, lost: TsmoltError): Promise<string> {
    try {
      for (let look = 0; look < looksForLostJob; look++) {
        if (request.signal.aborted) break;
        const job = await withRetry(() => this.findJob(request), { signal: request.signal });
        if (job !== undefined) return job;
        await delay(betweenLooksMs);
      }
    } catch (thrown) {
      const what =
        'the connection was lost when the import was started, and the jobs of the target cannot be read';
      throw outcomeUnknown(request.table, what, thrown);
    }
    if (request.signal.aborted) {
      throw outcomeUnknown(request.table, 'stopped before it was known whether the import was started', lost);
    }
    throw new TsmoltError('TSM2007', { message: lost.message, advice: lost.advice, cause: lost });
  }
}

function refuseUnlessSucceeded({ end, error }: EndedJob, job: string, request: ImportRequest): void {
  const { table, files, signal } = request;
  switch (end) {
    case 'succeeded':
      return;
    case 'canceled':
      throw signal.aborted ? stoppedOnRequest() : cancelledBySomebody(table, job);
    case 'failed':
      throw importRefused(error, table, files);
    case 'revert-failed':
      throw outcomeUnknown(
        table,
        `job ${job} failed and could not be undone: ${importRefused(error, table, files).message}`,
      );
    case 'unknown':
      throw outcomeUnknown(table, `the target does not know job ${job} any more`);
  }
}
