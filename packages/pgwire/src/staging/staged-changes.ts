import type { ApplyTransaction, StagedChanges, StagedMutation, TableName } from '@tsmolt/core';
import { statementsOf, TextArrayWriter } from '../apply/text-arrays.js';
import { quoteLiteral } from '../sql.js';
import { createdTooLate } from './created-too-late.js';
import type { HeldLeases } from './held-leases.js';
import { mostOfOneCall, sequenceName, stagingTableName } from './layout.js';
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
import type { Query, StagingDatabase } from './staging-database.js';
import type { StagingTables } from './staging-tables.js';

/** Rows that one statement marks or forgets: few enough that no lock or transaction grows large. */
const rowsAtOnce = 10_000;
/** Staging tables that one statement reads from. */
const tablesAtOnce = 50;

export interface StagedChangesParts {
  readonly database: StagingDatabase;
  readonly tables: StagingTables;
  readonly leases: HeldLeases;
  /** The database that the names of staging tables begin with. */
  readonly databaseName: string;
}

/** Changes that wait, in a staging table for each table of the target. */
export class PgwireStagedChanges implements StagedChanges {
  readonly #parts: StagedChangesParts;

  constructor(parts: StagedChangesParts) {
    this.#parts = parts;
  }

  async stage(
    mutations: readonly Omit<StagedMutation, 'sequence'>[],
    within?: ApplyTransaction,
  ): Promise<void> {
    if (mutations.length > mostOfOneCall) throw new Error(`more than ${mostOfOneCall} changes in one call`);
    if (mutations.length === 0) return;
    const { database, tables, leases } = this.#parts;
    const groups = byStagingTable(
      mutations.map((mutation, index) => ({ mutation, index, table: mutation.table })),
      (table) => this.#nameOf(table),
    );
    const fresh = await tables.prepare([...groups.keys()]);
    const sequence = quoteLiteral(database.quote(sequenceName));
    const [call] = await database.query<{ call: string }>(`SELECT nextval(${sequence}) AS call`, []);
    const first = firstSequence(call?.call ?? '0');
    const texts = [...groups].map(([name, group]) => ({
      sql: insertText(database.quote(name)),
      rows: group.map(({ mutation, index }) => stagedTexts(mutation, first + BigInt(index))),
    }));
    if (within === undefined)
      return database.transaction(async (query) => {
        await leases.fenceThrough(query);
        await insertAll(query, texts);
      });
    try {
      await insertAll(database.through(within), texts);
    } catch (thrown) {
      throw fresh ? createdTooLate(thrown, 'a staging table') : thrown;
    }
  }

  async waiting(limit: number, after = '0'): Promise<readonly StagedMutation[]> {
    const found: StagedRow[] = [];
    for (const texts of inGroups(await this.#eachTable(waitingText))) {
      const sql = `SELECT * FROM (${texts.join(' UNION ALL ')}) AS w ORDER BY sequence LIMIT $1::INT8`;
      found.push(...(await this.#parts.database.query<StagedRow>(sql, [limit, after])));
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
      const rows = await this.#parts.database.query<BacklogRow>(group.join(' UNION ALL '), []);
      for (const { table_schema: schema, table_name: table, waiting, oldest } of rows)
        found.push({ table: { schema, table }, waiting: Number(waiting), oldest });
    }
    return found;
  }

  /** What waited and was applied by whoever took over must not be applied over what came after it. */
  async markApplied(mutations: readonly StagedMutation[], within?: ApplyTransaction): Promise<void> {
    const { database, leases } = this.#parts;
    const query = database.through(within);
    if (within !== undefined) await leases.fenceThrough(query);
    for (const [name, group] of byStagingTable(mutations, (table) => this.#nameOf(table)))
      for (let first = 0; first < group.length; first += rowsAtOnce)
        await query(
          `UPDATE ${database.quote(name)} SET applied = true, applied_at = now()
            WHERE sequence = ANY ($1::INT8[]) AND NOT applied`,
          [group.slice(first, first + rowsAtOnce).map(({ sequence }) => sequence)],
        );
  }

  async markFailed(mutation: StagedMutation, reason: string): Promise<void> {
    const { database } = this.#parts;
    await database.query(
      `UPDATE ${database.quote(this.#nameOf(mutation.table))} SET attempts = $2::INT8, reason = $3 WHERE sequence = $1::INT8`,
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
        deleted = await this.#parts.database.use(
          async (client) => (await client.query(sql, [olderThanMs])).rowCount ?? 0,
        );
        total += deleted;
      } while (deleted === rowsAtOnce);
    }
    return total;
  }

  async #eachTable(text: (table: string) => string): Promise<string[]> {
    const { database, tables } = this.#parts;
    return (await tables.all()).map((name) => text(database.quote(name)));
  }

  #nameOf(table: TableName): string {
    return stagingTableName(this.#parts.databaseName, table);
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
