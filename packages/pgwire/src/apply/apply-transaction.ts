import pg from 'pg';
import type {
  ClientBase,
  CustomTypesConfig,
  QueryArrayConfig,
  QueryConfig,
  QueryResult,
  QueryResultRow,
} from 'pg';
import {
  asTsmoltError,
  ChangeRefused,
  displayName,
  stoppedOnRequest,
  TsmoltError,
  valuesOf,
} from '@tsmolt/core';
import type {
  ApplyOptions,
  ApplyTransaction,
  BatchRow,
  ChangeValue,
  ConnectionUrl,
  EmptiedTable,
  RowBatch,
  Table,
} from '@tsmolt/core';
import { classifyApply } from '../errors.js';
import type { ApplyDialect } from './apply-dialect.js';
import { copyRows } from './copy-rows.js';
import { PreparedStatements } from './prepared-statements.js';
import { applyStatement } from './statements.js';
import type { ApplyVerb, BatchShape } from './statements.js';
import { breakConnection } from './stop-statement.js';
import { statementsOf, TextArrayWriter } from './text-arrays.js';

/** What one connection has for all its transactions. */
export class ApplySession {
  readonly client: ClientBase;
  readonly prepared: PreparedStatements;
  readonly writer = new TextArrayWriter();

  constructor(client: ClientBase) {
    this.client = client;
    this.prepared = new PreparedStatements(client);
  }
}

export interface TransactionSetting {
  readonly url: ConnectionUrl;
  readonly dialect: ApplyDialect;
  readonly options: ApplyOptions;
}

const defaultStatements = 128;
/** How much longer than the server's own limit a statement may go unanswered before the connection counts as dead. */
const silenceMs = 10_000;
const general = 'applying changes';

/** One open transaction. */
export class PgwireApplyTransaction implements ApplyTransaction {
  readonly #session: ApplySession;
  readonly #setting: TransactionSetting;
  /** The first error of a statement, until a savepoint has undone it. */
  #failure: TsmoltError | undefined;
  #savepoints = 0;

  constructor(session: ApplySession, setting: TransactionSetting) {
    this.#session = session;
    this.#setting = setting;
  }

  get failure(): TsmoltError | undefined {
    return this.#failure;
  }

  async upsert(batch: RowBatch): Promise<number> {
    if (this.#canCopy(batch)) return this.#copy(batch);
    const written = await this.#runRows('upsert', batch, batch.rows);
    const onlyKey = batch.columns.every((name) => batch.key.includes(name));
    return onlyKey ? batch.rows.length : written;
  }

  #canCopy({ fresh, rows, table }: RowBatch): boolean {
    const { dialect } = this.#setting;
    if (fresh !== true || rows.length < worthCopying || cannotCopy.has(table)) return false;
    return dialect.copiesFreshRows(table);
  }

  /** Checks first what a statement would have checked. */
  async #copy(batch: RowBatch): Promise<number> {
    const { client } = this.#session;
    applyStatement('upsert', batch, this.#setting.dialect);
    try {
      const subject = `${subjects.upsert} ${displayName(batch.table.name)}`;
      return await this.#run(subject, () => copyRows(client, batch));
    } catch (thrown) {
      if (!(thrown instanceof TsmoltError) || thrown.serverCode !== notSupported) throw thrown;
      // A table with row security, for one. Who tries again does it by a statement.
      cannotCopy.add(batch.table);
      throw new ChangeRefused(
        { kind: 'other' },
        { message: thrown.message, advice: thrown.advice, cause: thrown },
      );
    }
  }

  update(batch: RowBatch): Promise<number> {
    return this.#runRows('update', batch, batch.rows);
  }

  rekey(batch: RowBatch, oldKey: readonly ChangeValue[]): Promise<number> {
    return this.#runRows(
      'rekey',
      batch,
      batch.rows.map((row) => [...valuesOf(row), ...oldKey]),
    );
  }

  delete(batch: RowBatch): Promise<number> {
    return this.#runRows('delete', batch, batch.rows);
  }

  /** What a foreign key holds back is tried again after the others: tables may refer to each other in any order. */
  async truncate(tables: readonly EmptiedTable[]): Promise<void> {
    const subject = `truncating ${tables.map(({ name }) => displayName(name)).join(', ')}`;
    let left = tables.length === 0 ? [] : this.#setting.dialect.truncate(tables);
    for (;;) {
      const held = await this.#truncateSome(left, subject);
      if (held.statements.length === 0) return;
      if (held.statements.length === left.length) throw held.error;
      left = held.statements;
    }
  }

  async #truncateSome(statements: readonly string[], subject: string) {
    const held: string[] = [];
    let error: unknown;
    for (const sql of statements) {
      try {
        // A single statement needs no savepoint: when it fails, nothing is left to try.
        if (statements.length === 1) await this.#run(subject, () => this.#session.client.query(sql));
        else await this.attempt(() => this.#run(subject, () => this.#session.client.query(sql)));
      } catch (thrown) {
        if (statements.length === 1 || this.#failure !== undefined) throw thrown;
        error = thrown;
        held.push(sql);
      }
    }
    return { statements: held, error };
  }

  async attempt<Result>(work: () => Promise<Result>): Promise<Result> {
    const { client } = this.#session;
    const name = `tsmolt_attempt_${++this.#savepoints}`;
    await this.#run(general, () => client.query(`SAVEPOINT ${name}`));
    try {
      const result = await work();
      await this.#run(general, () => client.query(`RELEASE SAVEPOINT ${name}`));
      return result;
    } catch (thrown) {
      await this.#undo(name);
      throw thrown;
    }
  }

  query(sql: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.#foreign<Record<string, unknown>>({ text: sql, values: [...values] });
  }

  queryRows(sql: string, values: readonly unknown[]): Promise<readonly (readonly unknown[])[]> {
    return this.#foreign<unknown[]>({ text: sql, values: [...values], rowMode: 'array', types: mostlyText });
  }

  async #foreign<Row extends QueryResultRow>(config: QueryConfig | QueryArrayConfig): Promise<Row[]> {
    const { client } = this.#session;
    return this.#run(general, async () => {
      if (startsOrEnds.test(config.text)) throw notTheirs(config.text);
      // Always by the protocol that takes one statement only.
      const extended = { ...config, queryMode: 'extended' };
      const { command, rows } = await client.query<Row>(extended);
      if (startsOrEnds.test(command)) throw notTheirs(command);
      return rows;
    });
  }

  /** After a conflict or a lost connection nothing can be undone but the whole transaction. */
  async #undo(name: string): Promise<void> {
    const failure = this.#failure;
    if (failure !== undefined && (failure.kind === 'retry' || this.#setting.options.signal.aborted))
      throw failure;
    this.#failure = undefined;
    await this.#run(general, () =>
      this.#session.client.query(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`),
    );
  }

  async #runRows(verb: ApplyVerb, shape: BatchShape, rows: readonly BatchRow[]): Promise<number> {
    const { client, prepared, writer } = this.#session;
    const { dialect, options } = this.#setting;
    const subject = `${subjects[verb]} ${displayName(shape.table.name)}`;
    const text = applyStatement(verb, shape, dialect);
    const parameters = shape.columns.length + (verb === 'rekey' ? shape.key.length : 0);
    let count = 0;
    for (const some of statementsOf(rows)) {
      const result = await this.#run(subject, async () => {
        const name = await prepared.nameOf(text, options.statementCacheSize ?? defaultStatements);
        return client.query<{ found?: string }>({ name, text, values: writer.write(some, parameters) });
      });
      const found = result.rows[0]?.found;
      count += found === undefined ? (result.rowCount ?? 0) : Number(found);
    }
    return count;
  }

  /** Also for BEGIN and COMMIT: nothing runs after a failure, and nothing waits for a server that is gone. */
  async run(sql: string): Promise<QueryResult> {
    return this.#run(general, () => this.#session.client.query(sql));
  }

  async #run<Result>(subject: string, statement: () => Promise<Result>): Promise<Result> {
    const { options, url } = this.#setting;
    if (this.#failure !== undefined) throw this.#failure;
    if (options.signal.aborted) throw (this.#failure = stoppedOnRequest());
    const silence = this.#listenForSilence();
    try {
      return await statement();
    } catch (thrown) {
      const error = options.signal.aborted ? stoppedOnRequest() : classifyApply(thrown, url, subject);
      this.#failure = asTsmoltError(error);
      throw error;
    } finally {
      clearTimeout(silence);
    }
  }

  #listenForSilence(): NodeJS.Timeout | undefined {
    const { timeoutMs } = this.#setting.options;
    if (timeoutMs <= 0) return undefined;
    return setTimeout(() => breakConnection(this.#session.client), timeoutMs + silenceMs);
  }
}

/** COPY takes one exchange more than a statement. */
const worthCopying = 20;
const notSupported = '0A000';
const cannotCopy = new WeakSet<Table>();

const subjects: Readonly<Record<ApplyVerb, string>> = {
  upsert: 'writing rows of',
  update: 'updating rows of',
  rekey: 'giving another key to a row of',
  delete: 'deleting rows of',
};

/** OIDs of booleans, JSON documents, and lists of them, of texts and of numbers. */
const readByDriver: ReadonlySet<number> = new Set([
  16, 114, 3802, 199, 3807, 1000, 1005, 1007, 1009, 1014, 1015, 1016, 1231, 2951,
]);

/** The driver reads times in the zone of this machine and to the millisecond, and numbers as floats. */
const mostlyText: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    readByDriver.has(oid)
      ? (pg.types.getTypeParser(oid, format) as unknown)
      : (text: string | Buffer) => text,
};

/** A statement, behind comments, or the tag of its answer. */
const startsOrEnds =
  /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*(?:begin|start|commit|end|rollback|abort|prepare\s+transaction)\b/i;

function notTheirs(statement: string): TsmoltError {
  return new TsmoltError('TSM7006', {
    message: `a userscript wants to begin or end a transaction, in the middle of one: ${statement.slice(0, 100)}`,
    advice:
      'Leave transactions to tsmolt: what a userscript does is committed with the changes that it was called for.',
  });
}
