import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { displayName, TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, DeadLetter, DeadLetters, StagedMutation, TableName } from '@tsmolt/core';
import type { SessionPool } from '../session-pool.js';
import { quoteIdentifier, quoteTable } from '../sql.js';
import { createdTooLate } from './created-too-late.js';
import type { Columns } from './layout.js';
import { nanosOf } from './staged-rows.js';

/**
 * The table of dead letters. Its first columns are those that the tool has which tsmolt takes the place of; they are for
 * people, as JSON that cannot hold every text. `mutation` holds the change exactly.
 */
const columns: Columns = {
  event: 'UUID PRIMARY KEY',
  dlq_name: 'TEXT NOT NULL',
  source_nanos: 'INT8 NOT NULL',
  source_logical: 'INT8 NOT NULL',
  data_after: 'JSONB NOT NULL',
  data_before: 'JSONB NOT NULL',
  mutation: 'BYTEA',
  attempts: 'INT8',
  reason: 'TEXT',
  parked_at: 'TIMESTAMPTZ',
};

const subject = 'keeping dead letters';
const noPrivilege = '42501';

interface LetterRow extends Record<string, unknown> {
  readonly id: string;
  readonly mutation: string;
  readonly parked_at: Date;
}

/** Dead letters in a table of PostgreSQL or CockroachDB. */
export class PgwireDeadLetters implements DeadLetters {
  readonly #pool: SessionPool;
  readonly #table: TableName;
  /** Whether an `event` is ours to choose, once the table is known to be there: another tool's may number them. */
  #choosesEvent: boolean | undefined;

  constructor(pool: SessionPool, table: TableName) {
    this.#pool = pool;
    this.#table = table;
  }

  async park(mutation: StagedMutation, within?: ApplyTransaction): Promise<void> {
    const known = this.#choosesEvent !== undefined;
    const choosesEvent = await this.#prepared();
    const sql = insertText(this.#table, choosesEvent);
    const values = [...valuesOf(mutation), ...(choosesEvent ? [randomUUID()] : [])];
    try {
      await this.#query(sql, values, within);
    } catch (thrown) {
      throw known || within === undefined ? thrown : createdTooLate(thrown, displayName(this.#table));
    }
  }

  async list(limit: number): Promise<readonly DeadLetter[]> {
    if (!(await this.#exists())) return [];
    const rows = await this.#query<LetterRow>(
      `SELECT * FROM (${this.#select} ORDER BY parked_at DESC, event DESC LIMIT $1::INT8) AS newest ORDER BY parked_at, id`,
      [limit],
    );
    return rows.map(deadLetter);
  }

  async find(id: string): Promise<DeadLetter | undefined> {
    if (!(await this.#exists())) return undefined;
    const [row] = await this.#query<LetterRow>(`${this.#select} AND event::TEXT = $1`, [id]);
    return row === undefined ? undefined : deadLetter(row);
  }

  async remove(id: string, within?: ApplyTransaction): Promise<void> {
    if (!(await this.#exists())) return;
    await this.#query(`DELETE FROM ${quoteTable(this.#table)} WHERE event::TEXT = $1`, [id], within);
  }

  /** What another tool has parked has no `mutation`, and is not ours to apply. */
  get #select(): string {
    return (
      `SELECT event::TEXT AS id, convert_from(mutation, 'UTF8') AS mutation, parked_at ` +
      `FROM ${quoteTable(this.#table)} WHERE mutation IS NOT NULL`
    );
  }

  async #exists(): Promise<boolean> {
    return (await this.#columns()).has('mutation');
  }

  /** Creates the table, or adds what it lacks. @returns whether an event is ours to choose */
  async #prepared(): Promise<boolean> {
    if (this.#choosesEvent !== undefined) return this.#choosesEvent;
    const found = await this.#columns();
    const table = quoteTable(this.#table);
    const lacking = Object.entries(columns).filter(([name]) => !found.has(name));
    if (found.size === 0) {
      const lines = lacking.map(([name, type]) => `${quoteIdentifier(name)} ${type}`);
      await this.#define([`CREATE TABLE IF NOT EXISTS ${table} (${lines.join(', ')})`]);
    } else
      await this.#define(
        lacking.map(
          ([name, type]) => `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${quoteIdentifier(name)} ${type}`,
        ),
      );
    this.#choosesEvent = found.size === 0 || found.get('event') === 'uuid';
    return this.#choosesEvent;
  }

  /** Outside of the caller's transaction: schema changes would commit it on one server, and lock the table on the other. */
  async #define(statements: readonly string[]): Promise<void> {
    for (const statement of statements) {
      try {
        await this.#pool.use(subject, (client) => client.query(statement));
      } catch (thrown) {
        throw thrown instanceof TsmoltError && thrown.serverCode === noPrivilege
          ? this.#mayNot(thrown, statements)
          : thrown;
      }
    }
  }

  #mayNot(cause: TsmoltError, statements: readonly string[]): TsmoltError {
    return new TsmoltError('TSM3001', {
      message: `the table of dead letters ${displayName(this.#table)} is not there as it has to be: ${cause.message}`,
      advice: `Have its owner run: ${statements.join('; ')}`,
      cause,
      serverCode: noPrivilege,
    });
  }

  /** Names and types; empty where there is no such table. */
  async #columns(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#query<{ name: string; type: string }>(
      `SELECT column_name AS name, data_type AS type FROM information_schema.columns
        WHERE table_schema = $1 AND table_name = $2`,
      [this.#table.schema, this.#table.table],
    );
    return new Map(rows.map(({ name, type }) => [name, type]));
  }

  async #query<Row extends Record<string, unknown>>(
    sql: string,
    values: readonly unknown[],
    within?: ApplyTransaction,
  ): Promise<readonly Row[]> {
    if (within !== undefined) return (await within.query(sql, values)) as readonly Row[];
    const run = async (client: ClientBase): Promise<Row[]> =>
      (await client.query<Row>(sql, [...values])).rows;
    return this.#pool.use(subject, run);
  }
}

/** How each column is filled; `$8` is the event, where it is ours to choose. */
const filled: Columns = {
  dlq_name: '$1',
  source_nanos: '$2::INT8',
  source_logical: '0',
  data_after: '$3::JSONB',
  data_before: '$4::JSONB',
  mutation: "convert_to($5::TEXT, 'UTF8')",
  attempts: '$6::INT8',
  reason: '$7',
  parked_at: 'clock_timestamp()',
};

function insertText(table: TableName, choosesEvent: boolean): string {
  const all = Object.entries(choosesEvent ? { ...filled, event: '$8::UUID' } : filled);
  const names = all.map(([name]) => quoteIdentifier(name));
  return `INSERT INTO ${quoteTable(table)} (${names.join(', ')}) VALUES (${all.map(([, value]) => value).join(', ')})`;
}

function valuesOf(mutation: StagedMutation): string[] {
  const { sequence: _sequence, ...change } = mutation;
  return [
    displayName(mutation.table),
    nanosOf(mutation.committedAt).toString(),
    readableJson(mutation.after),
    readableJson(mutation.before ?? null),
    JSON.stringify(change),
    String(mutation.attempts),
    mutation.reason,
  ];
}

/** JSONB holds no NUL character: people are shown the symbol for it. */
function readableJson(value: StagedMutation['after'] | null): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? part.replaceAll('\0', '\u2400') : part,
  );
}

function deadLetter(row: LetterRow): DeadLetter {
  const change = JSON.parse(row.mutation) as Omit<StagedMutation, 'sequence'>;
  return { ...change, id: row.id, parkedAt: row.parked_at };
}
