import { TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, Table } from '@tsmolt/core';
import type { ScriptWrite } from '@tsmolt/replicator';
import type { ScriptRow, ScriptTransaction } from '@tsmolt/userscript';
import { ScriptSavepoints } from './script-savepoints.js';

type Texts = readonly (string | null)[];

/** What `getTX()` and `write()` of a script work on: the transaction in which the rows are being written. */
export interface OpenedScriptTransaction extends ScriptTransaction {
  /** Keeps what was done under savepoints that the script has left open. */
  finish(): Promise<void>;
  /** Undoes it. */
  abandon(): Promise<void>;
}

/** @param database of the target, which the reference puts before the names of schemas */
export function scriptTransaction(
  { table, transaction, write }: Pick<ScriptWrite, 'table' | 'transaction' | 'write'>,
  database: string,
): OpenedScriptTransaction {
  const calls = new OneByOne();
  const savepoints = new ScriptSavepoints(transaction);
  const schema = `${quoted(database)}.${quoted(table.name.schema)}`;
  const names = new PlainNames(transaction, quoted(table.name.schema));
  const run = (sql: string, values: Texts): Promise<readonly (readonly unknown[])[]> =>
    calls.next(async () => {
      await names.use();
      if (await savepoints.handle(sql)) return [];
      return transaction.queryRows(sql, values).catch((thrown: unknown) => {
        throw statementFault(thrown);
      });
    });
  return {
    schema,
    table: `${schema}.${quoted(table.name.table)}`,
    columns: columnsOf(table),
    query: run,
    exec: async (sql, values) => {
      await run(sql, values);
    },
    write: (rows: readonly ScriptRow[]) => calls.next(() => write(rows)),
    finish: () =>
      calls.next(async () => {
        await savepoints.keepAll();
        await names.forget();
      }),
    abandon: () => calls.next(() => savepoints.undoAll()),
  };
}

/**
 * Names without a schema mean tables of the target's schema in a script's statements, as with the reference; ours name
 * theirs whole, and need none.
 */
class PlainNames {
  readonly #transaction: ApplyTransaction;
  readonly #schema: string;
  #used = false;

  constructor(transaction: ApplyTransaction, schema: string) {
    this.#transaction = transaction;
    this.#schema = schema;
  }

  /** Before the script's first savepoint: going back to one would undo it. */
  async use(): Promise<void> {
    if (this.#used) return;
    this.#used = true;
    await this.#transaction.query(`SET LOCAL search_path TO ${this.#schema}`, []);
  }

  async forget(): Promise<void> {
    if (this.#used) await this.#transaction.query('SET LOCAL search_path TO DEFAULT', []);
  }
}

const statementCodes: ReadonlySet<string> = new Set(['TSM9001', 'TSM7005', 'TSM3002', 'TSM3003']);

/** A statement that is wrong in itself is no fault of the target's schema, nor of ours. */
function statementFault(thrown: unknown): unknown {
  if (!(thrown instanceof TsmoltError) || !statementCodes.has(thrown.code)) return thrown;
  return new TsmoltError('TSM7006', {
    message: thrown.message,
    advice:
      'Correct the statement in the userscript and start again: nothing of this batch was written, and none is lost.',
    cause: thrown,
    ...(thrown.serverCode === undefined ? {} : { serverCode: thrown.serverCode }),
  });
}

/** A script may start several calls before it waits for the first; the transaction takes one after the other. */
class OneByOne {
  #last: Promise<unknown> = Promise.resolve();

  next<Result>(call: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(call);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function columnsOf({ columns, primaryKey }: Table): ScriptTransaction['columns'] {
  const key = primaryKey?.columns ?? [];
  const keyColumns = key.flatMap((wanted) => columns.filter(({ name }) => name === wanted));
  const others = columns.filter(({ name }) => !key.includes(name));
  return [...keyColumns, ...others].map((column) => ({
    name: quoted(column.name),
    type: column.nativeType,
    primary: key.includes(column.name),
    ignored: column.generated,
  }));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
