import { DatabaseError } from 'pg';
import type { ClientBase } from 'pg';
import { repeated, TsmoltError } from '@tsmolt/core';
import type {
  ContinuationToken,
  ExportedFile,
  FetchStatus,
  FileKey,
  FileRecord,
  NewRun,
  PlannedRange,
  RangeKey,
  RangeRecord,
  RunRecord,
  TableRecord,
} from '@tsmolt/core';
import type { SessionPool } from '../session-pool.js';
import { statusSchema } from './layout.js';
import * as runs from './runs.js';
import * as units from './units.js';

const subject = 'keeping the status of the fetch';

/** The status tables of fetches, in schema `_molt_fetch` of PostgreSQL and CockroachDB alike. */
export class PgwireFetchStatus implements FetchStatus {
  readonly durable = true;
  readonly #pool: SessionPool;

  constructor(pool: SessionPool) {
    this.#pool = pool;
  }

  prepare(): Promise<void> {
    return this.#use(async (client) => {
      if (!(await runs.isPrepared(client))) await runs.createTables(client).catch(ofAnotherProcess);
    });
  }

  createRun(run: NewRun): Promise<void> {
    return this.#use((client) => runs.insertRun(client, run));
  }

  findRun(fetchId: string): Promise<RunRecord | undefined> {
    return this.#use(async (client) =>
      (await runs.isPrepared(client)) ? runs.selectRun(client, fetchId) : undefined,
    );
  }

  updateRun(fetchId: string, change: Parameters<FetchStatus['updateRun']>[1]): Promise<void> {
    return this.#use((client) => runs.changeRun(client, fetchId, change));
  }

  clearRun(fetchId: string): Promise<void> {
    return this.#transaction((client) => runs.deleteUnits(client, fetchId));
  }

  addTables(fetchId: string, tables: readonly TableRecord[]): Promise<void> {
    return this.#transaction(async (client) => {
      for (const table of tables) await runs.insertTable(client, fetchId, table);
    });
  }

  tables(fetchId: string): Promise<TableRecord[]> {
    return this.#use((client) => runs.selectTables(client, fetchId));
  }

  updateTable(fetchId: string, table: number, change: Partial<Pick<TableRecord, 'state'>>): Promise<void> {
    return this.#use(async (client) => {
      await client.query(
        `UPDATE ${statusSchema}.tables SET state = coalesce($3::TEXT, state) WHERE fetch_id = $1 AND table_number = $2`,
        [fetchId, table, change.state ?? null],
      );
    });
  }

  addRanges(fetchId: string, table: number, ranges: readonly PlannedRange[]): Promise<void> {
    return this.#transaction((client) => units.insertRanges(client, { fetchId, table }, ranges));
  }

  ranges(fetchId: string, table: number): Promise<RangeRecord[]> {
    return this.#use((client) => units.selectRanges(client, { fetchId, table }));
  }

  claimRange(range: RangeKey, worker: string): Promise<boolean> {
    return this.#use((client) => units.claimRange(client, range, worker));
  }

  finishRange(range: RangeKey, worker: string, files: readonly ExportedFile[]): Promise<void> {
    return this.#transaction((client) => units.finishRange(client, range, worker, files));
  }

  addFiles(fetchId: string, table: number, files: readonly ExportedFile[]): Promise<void> {
    return this.#transaction((client) => units.addFiles(client, { fetchId, table }, files));
  }

  files(fetchId: string, table: number): Promise<FileRecord[]> {
    return this.#use((client) => units.selectFiles(client, { fetchId, table }));
  }

  claimFiles(files: readonly FileKey[], worker: string): Promise<FileKey[]> {
    return this.#transaction((client) => units.claimFiles(client, files, worker));
  }

  noteJob(files: readonly FileKey[], worker: string, job: string): Promise<void> {
    return this.#transaction((client) => units.noteJob(client, files, { worker, job }));
  }

  markLoaded(files: readonly FileKey[], worker: string): Promise<void> {
    return this.#transaction((client) => units.markLoaded(client, files, worker));
  }

  releaseFiles(files: readonly FileKey[], worker: string): Promise<void> {
    return this.#transaction((client) => units.releaseFiles(client, files, worker));
  }

  renewWorker(fetchId: string, worker: string, leaseMs: number): Promise<void> {
    return this.#use(async (client) => {
      await client.query(
        `INSERT INTO ${statusSchema}.workers AS w (fetch_id, worker_id, alive_until)
          VALUES ($1, $2, now() + $3::INT8 * INTERVAL '1 millisecond')
          ON CONFLICT (fetch_id, worker_id) DO UPDATE SET alive_until = excluded.alive_until`,
        [fetchId, worker, leaseMs],
      );
    });
  }

  endWorker(fetchId: string, worker: string): Promise<void> {
    return this.#use(async (client) => {
      await client.query(`DELETE FROM ${statusSchema}.workers WHERE fetch_id = $1 AND worker_id = $2`, [
        fetchId,
        worker,
      ]);
    });
  }

  othersAlive(fetchId: string, worker: string): Promise<boolean> {
    return this.#use(async (client) => {
      const { rows } = await client.query(
        `SELECT 1 FROM ${statusSchema}.workers WHERE fetch_id = $1 AND worker_id <> $2 AND alive_until > now() LIMIT 1`,
        [fetchId, worker],
      );
      return rows.length > 0;
    });
  }

  tokens(limit: number): Promise<ContinuationToken[]> {
    return this.#use(async (client) =>
      (await runs.isPrepared(client)) ? runs.selectTokens(client, limit) : [],
    );
  }

  /** All work here gives the same result when it is repeated, also where the first attempt has happened unseen. */
  #use<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    return repeated(() => this.#pool.use(subject, work));
  }

  #transaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    return this.#use(async (client) => {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });
  }
}

/** `IF NOT EXISTS` does not keep two that create the same thing at the same time from failing on each other's catalog rows. */
function ofAnotherProcess(thrown: unknown): never {
  const code = thrown instanceof DatabaseError ? thrown.code : undefined;
  if (code === undefined || !['23505', '42P06', '42P07', '42710', 'XX000'].includes(code)) throw thrown;
  throw new TsmoltError('TSM2007', {
    message: 'another process creates the status tables at the same time',
    advice: 'Run again.',
    cause: thrown,
  });
}
