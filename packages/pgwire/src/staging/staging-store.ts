import type { ClientBase } from 'pg';
import { TsmoltError, withRetry } from '@tsmolt/core';
import type {
  ApplyTransaction,
  Lease,
  StagedMutation,
  StagingOptions,
  StagingStore,
  TableName,
  TransactionSpill,
} from '@tsmolt/core';
import { statementsOf, TextArrayWriter } from '../apply/text-arrays.js';
import type { SessionPool } from '../session-pool.js';
import { quoteLiteral } from '../sql.js';
import { createdTooLate } from './created-too-late.js';
import { mostOfOneCall, sequenceName, spillName, stagingTableName } from './layout.js';
import { PgwireLease, takenOver } from './lease.js';
import {
  byStagingTable,
  firstSequence,
  insertedColumns,
  insertText,
  stagedMutation,
  stagedTexts,
  waitingText,
} from './staged-rows.js';
import type { StagedRow } from './staged-rows.js';
import type { StagingPlace } from './staging-place.js';
import {
  findTableNames,
  findTables,
  isStagingTable,
  ofAnotherProcess,
  prepareSchema,
  prepareSpill,
  prepareStagingTable,
  prepareTables,
  quoteStaged,
} from './staging-schema.js';
import { proveSharing } from './transaction-proof.js';
import { PgwireTransactionSpill } from './transaction-spill.js';

const subject = 'keeping the memory of the replication';
/** Rows that one statement marks or forgets: few enough that no lock or transaction grows large. */
const rowsAtOnce = 10_000;
/** Staging tables that one statement reads from. */
const tablesAtOnce = 50;

export interface StoreParts {
  readonly pool: SessionPool;
  readonly leases: SessionPool;
  readonly place: StagingPlace;
  readonly database: string;
  readonly leaseMs: number;
  readonly hasUnloggedTables: boolean;
}

type Query = <Row extends object>(sql: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/** The staging schema of PostgreSQL and CockroachDB alike. */
export class PgwireStagingStore implements StagingStore {
  readonly #parts: StoreParts;
  /** By name, the latest. */
  readonly #held = new Map<string, PgwireLease>();
  /** Staging tables that can be used as they are. */
  readonly #tables = new Set<string>();
  #shared = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  get sharesTransactions(): boolean {
    return this.#shared;
  }

  async prepare({ create, target }: StagingOptions): Promise<void> {
    const { place, hasUnloggedTables } = this.#parts;
    await this.#use(async (client) => {
      try {
        await prepareSchema(client, place, create);
        await prepareTables(client, place);
        await prepareSpill(client, place, hasUnloggedTables);
      } catch (thrown) {
        ofAnotherProcess(thrown);
      }
    });
    await this.#readTables();
    this.#shared = await proveSharing(this, target);
  }

  async loadMemo(key: string): Promise<string | undefined> {
    const rows = await this.#query<{ value: string }>(
      `SELECT convert_from(value, 'UTF8') AS value FROM ${this.#quote('memo')} WHERE key = $1`,
      [key],
    );
    return rows[0]?.value;
  }

  async memos(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#query<{ key: string; value: string }>(
      `SELECT key, convert_from(value, 'UTF8') AS value FROM ${this.#quote('memo')}`,
      [],
    );
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  /**
   * A memo that is named as a lease of this store is only saved while the lease is ours. Its row is locked up to the end of
   * the transaction: whoever takes over begins behind what was written here, and a process that was stopped meanwhile
   * writes nothing any more.
   *
   * @throws TsmoltError `TSM7003` where another process has taken the lease
   */
  async saveMemo(key: string, value: string, within?: ApplyTransaction): Promise<void> {
    const query = this.#through(within);
    const lease = this.#held.get(key);
    const [into, overwritten] = [
      `INSERT INTO ${this.#quote('memo')} (key, value)`,
      'ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING 1 AS saved',
    ];
    const row = `$1::TEXT, convert_to($2::TEXT, 'UTF8')`;
    const saved =
      lease === undefined
        ? await query(`${into} VALUES (${row}) ${overwritten}`, [key, value])
        : await query(
            `${into} SELECT ${row} FROM ${this.#quote('leases')} WHERE name = $1::TEXT AND nonce = $3::UUID FOR SHARE ${overwritten}`,
            [key, value, lease.nonce],
          );
    if (saved.length === 0) throw takenOver(key);
  }

  /** Also for the proof, when it is not known yet whether transactions are shared. */
  async removeMemo(key: string, within?: ApplyTransaction): Promise<void> {
    const sql = `DELETE FROM ${this.#quote('memo')} WHERE key = $1`;
    await (within === undefined ? this.#query(sql, [key]) : within.query(sql, [key]));
  }

  async stage(
    mutations: readonly Omit<StagedMutation, 'sequence'>[],
    within?: ApplyTransaction,
  ): Promise<void> {
    if (mutations.length > mostOfOneCall) throw new Error(`more than ${mostOfOneCall} changes in one call`);
    if (mutations.length === 0) return;
    const groups = byStagingTable(
      mutations.map((mutation, index) => ({ mutation, index, table: mutation.table })),
      (table) => this.#nameOf(table),
    );
    const fresh = await this.#prepareStagingTables([...groups.keys()]);
    const sequence = quoteLiteral(this.#quote(sequenceName));
    const [call] = await this.#query<{ call: string }>(`SELECT nextval(${sequence}) AS call`, []);
    const first = firstSequence(call?.call ?? '0');
    const texts = [...groups].map(([name, group]) => ({
      sql: insertText(this.#quote(name)),
      rows: group.map(({ mutation, index }) => stagedTexts(mutation, first + BigInt(index))),
    }));
    if (within === undefined) return this.#transaction((query) => insertAll(query, texts));
    try {
      await insertAll(this.#through(within), texts);
    } catch (thrown) {
      throw fresh ? createdTooLate(thrown, 'a staging table') : thrown;
    }
  }

  async waiting(limit: number, after = '0'): Promise<readonly StagedMutation[]> {
    const found: StagedRow[] = [];
    for (const texts of inGroups(await this.#eachTable(waitingText))) {
      const sql = `SELECT * FROM (${texts.join(' UNION ALL ')}) AS w ORDER BY sequence LIMIT $1::INT8`;
      found.push(...(await this.#query<StagedRow>(sql, [limit, after])));
    }
    return found
      .toSorted((left, right) => (BigInt(left.sequence) < BigInt(right.sequence) ? -1 : 1))
      .slice(0, limit)
      .map(stagedMutation);
  }

  async backlog(): Promise<readonly { table: TableName; waiting: number; oldest: number }[]> {
    const texts = await this.#eachTable(
      (table) =>
        `SELECT table_schema, table_name, count(*) AS waiting, min(committed_at) AS oldest FROM ${table}
          WHERE NOT applied AND sequence IS NOT NULL GROUP BY table_schema, table_name`,
    );
    const found: { table: TableName; waiting: number; oldest: number }[] = [];
    for (const group of inGroups(texts)) {
      const rows = await this.#query<BacklogRow>(group.join(' UNION ALL '), []);
      for (const { table_schema: schema, table_name: table, waiting, oldest } of rows)
        found.push({ table: { schema, table }, waiting: Number(waiting), oldest });
    }
    return found;
  }

  async markApplied(mutations: readonly StagedMutation[], within?: ApplyTransaction): Promise<void> {
    const query = this.#through(within);
    if (within !== undefined) await this.#refuseWithoutLease(query);
    for (const [name, group] of byStagingTable(mutations, (table) => this.#nameOf(table)))
      for (let first = 0; first < group.length; first += rowsAtOnce)
        await query(
          `UPDATE ${this.#quote(name)} SET applied = true, applied_at = now()
            WHERE sequence = ANY ($1::INT8[]) AND NOT applied`,
          [group.slice(first, first + rowsAtOnce).map(({ sequence }) => sequence)],
        );
  }

  async markFailed(mutation: StagedMutation, reason: string): Promise<void> {
    await this.#query(
      `UPDATE ${this.#quote(this.#nameOf(mutation.table))} SET attempts = $2::INT8, reason = $3 WHERE sequence = $1::INT8`,
      [mutation.sequence, mutation.attempts + 1, reason],
    );
  }

  async retire(olderThanMs: number): Promise<number> {
    const statements = await this.#eachTable(
      (table) =>
        `DELETE FROM ${table} WHERE sequence IN (SELECT sequence FROM ${table}
          WHERE applied AND sequence IS NOT NULL AND applied_at <= now() - $1::FLOAT8 * INTERVAL '1 millisecond'
          ORDER BY sequence LIMIT ${rowsAtOnce})`,
    );
    let total = 0;
    for (const sql of statements) {
      let deleted: number;
      do {
        deleted = await this.#use(async (client) => (await client.query(sql, [olderThanMs])).rowCount ?? 0);
        total += deleted;
      } while (deleted === rowsAtOnce);
    }
    return total;
  }

  async acquireLease(name: string): Promise<Lease | undefined> {
    const { leases: pool, leaseMs: durationMs } = this.#parts;
    const lease = await PgwireLease.acquire({ pool, table: this.#quote('leases'), name, durationMs });
    if (lease === undefined) await this.#held.get(name)?.refuseTakenOver();
    else this.#held.set(name, lease);
    return lease;
  }

  transactionSpill(stream: string): TransactionSpill {
    return new PgwireTransactionSpill({
      stream,
      table: this.#quote(spillName),
      use: (work) => this.#use(work),
    });
  }

  async close(): Promise<void> {
    for (const lease of this.#held.values()) await lease.release();
    this.#held.clear();
    await Promise.all([this.#parts.pool.close(), this.#parts.leases.close()]);
  }

  /** What waited and was applied by whoever took over must not be applied over what came after it. */
  async #refuseWithoutLease(query: Query): Promise<void> {
    for (const [name, { nonce }] of this.#held) {
      const sql = `SELECT 1 AS held FROM ${this.#quote('leases')} WHERE name = $1 AND nonce = $2::UUID FOR SHARE`;
      if ((await query(sql, [name, nonce])).length === 0) throw takenOver(name);
    }
  }

  /** @returns whether one of them was not there before */
  async #prepareStagingTables(names: readonly string[]): Promise<boolean> {
    const unknown = names.filter((name) => !this.#tables.has(name));
    for (const name of unknown) {
      await this.#use((client) =>
        prepareStagingTable(client, this.#parts.place, name).catch(ofAnotherProcess),
      );
      this.#tables.add(name);
    }
    return unknown.length > 0;
  }

  /** Another process may have made some. */
  async #readTables(): Promise<void> {
    const { place } = this.#parts;
    await this.#use(async (client) => {
      const names = await findTableNames(client, place);
      if (names.every((name) => this.#tables.has(name))) return;
      const found = await findTables(client, place);
      for (const [name, columns] of found) if (isStagingTable(columns)) this.#tables.add(name);
    });
  }

  async #eachTable(text: (table: string) => string): Promise<string[]> {
    await this.#readTables();
    return [...this.#tables].map((name) => text(this.#quote(name)));
  }

  #nameOf(table: TableName): string {
    return stagingTableName(this.#parts.database, table);
  }

  #quote(name: string): string {
    return quoteStaged(this.#parts.place, name);
  }

  #through(within: ApplyTransaction | undefined): Query {
    if (within === undefined) return (sql, values) => this.#query(sql, values);
    // Written apart from the transaction, a checkpoint could be ahead of what it stands for.
    if (!this.#shared) throw new Error('the staging schema takes no part in transactions of the target');
    return async <Row extends object>(sql: string, values: readonly unknown[]) =>
      (await within.query(sql, values)) as readonly Row[];
  }

  #query<Row extends object>(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#use(
      async (client) => (await client.query<Row & Record<string, unknown>>(sql, [...values])).rows,
    );
  }

  #transaction(work: (query: Query) => Promise<void>): Promise<void> {
    return this.#use(async (client) => {
      await client.query('BEGIN');
      await work(
        async <Row extends object>(sql: string, values: readonly unknown[]) =>
          (await client.query<Row & Record<string, unknown>>(sql, [...values])).rows,
      );
      await client.query('COMMIT');
    });
  }

  /** All work here gives the same result when it is repeated, also where the first attempt has happened unseen. */
  #use<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    return withRetry(async () => {
      try {
        return await this.#parts.pool.use(subject, work);
      } catch (thrown) {
        throw repeatable(thrown);
      }
    });
  }
}

interface BacklogRow {
  readonly table_schema: string;
  readonly table_name: string;
  readonly waiting: string;
  readonly oldest: number;
}

interface StagedTexts {
  readonly sql: string;
  readonly rows: readonly (readonly (string | null)[])[];
}

async function insertAll(query: Query, texts: readonly StagedTexts[]): Promise<void> {
  const writer = new TextArrayWriter();
  for (const { sql, rows } of texts)
    for (const some of statementsOf(rows)) await query(sql, writer.write(some, insertedColumns));
}

function* inGroups(texts: readonly string[]): Generator<readonly string[]> {
  for (let first = 0; first < texts.length; first += tablesAtOnce)
    yield texts.slice(first, first + tablesAtOnce);
}

/** An outcome that nobody knows (SQLSTATE 40003) is no worse here than a connection that is lost. */
function repeatable(thrown: unknown): unknown {
  if (!(thrown instanceof TsmoltError) || thrown.code !== 'TSM4007') return thrown;
  return new TsmoltError('TSM2007', { message: thrown.message, advice: thrown.advice, cause: thrown });
}
