import { TsmoltError, asTsmoltError } from '@tsmolt/core';
import type { Observer } from './observation.js';
import type { ScriptRow, ScriptTable, ScriptTransaction } from './rows.js';
import { SandboxError } from './sandbox.js';
import type { Sandbox } from './sandbox.js';
import type { FailureReport, Place } from './script-failure.js';
import type { MadeRows } from './wire/made-rows.js';
import type { AnswerText, CallText, CellsText, DoneText, WriteText, WrittenText } from './wire/messages.js';
import type { Relations } from './wire/relations.js';

export interface WriteResult {
  readonly received: number;
  /** Rows that the script handed to `write()`, each as often as it did. */
  readonly written: number;
}

interface Parts {
  readonly sandbox: Sandbox;
  readonly relations: Relations;
  readonly made: MadeRows;
  readonly report: FailureReport;
  readonly observe: Observer;
}

interface Run {
  readonly rows: readonly ScriptRow[];
  readonly transaction: ScriptTransaction;
  /** Errors of the transaction, by the call that met them. */
  readonly errors: Map<number, unknown>;
  readonly outstanding: Set<Promise<void>>;
  readonly end: (how: DoneText | SandboxError) => void;
  written: number;
}

/** Runs `onWrite`, one at a time, and does for it what it asks of its transaction. */
export class WriteRuns {
  readonly #parts: Parts;
  #last: Promise<unknown> = Promise.resolve();
  #current: Run | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws TsmoltError what the script threw; the transaction's own error where it is that which the script let pass */
  run(handler: number, rows: readonly ScriptRow[], transaction: ScriptTransaction): Promise<WriteResult> {
    const asked = performance.now();
    const turn = this.#last.then(() => this.#run(handler, rows, { transaction, asked }));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** What the script asks for. */
  call(call: CallText): void {
    const run = this.#current;
    if (run === undefined) return;
    const answered = this.#answer(run, call);
    run.outstanding.add(answered);
    void answered.finally(() => run.outstanding.delete(answered));
  }

  done(how: DoneText | SandboxError): void {
    this.#current?.end(how);
  }

  async #run(
    handler: number,
    rows: readonly ScriptRow[],
    { transaction, asked }: { transaction: ScriptTransaction; asked: number },
  ): Promise<WriteResult> {
    const started = performance.now();
    const { promise, resolve } = promiseOfEnd();
    const run: Run = {
      rows,
      transaction,
      errors: new Map(),
      outstanding: new Set(),
      end: resolve,
      written: 0,
    };
    this.#current = run;
    let failed = true;
    try {
      const text = JSON.stringify(this.#text(handler, rows, transaction));
      const how = await Promise.race([
        this.#parts.sandbox.request('write', text).then(() => promise),
        promise,
      ]);
      await Promise.all(run.outstanding);
      this.#check(run, how);
      failed = false;
      return { received: rows.length, written: run.written };
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
      throw this.#parts.report.sandbox(error, this.#place(run));
    } finally {
      this.#current = undefined;
      this.#observe(run, { failed, started, asked });
    }
  }

  #check(run: Run, how: DoneText | SandboxError): void {
    if (how instanceof SandboxError) throw how;
    const place = this.#place(run);
    if (how.stuck === true)
      throw this.#parts.report.thrown({ name: '', message: neverSettled, stack: '' }, place);
    if (how.failed !== undefined) {
      const cause = how.failed.origin === undefined ? undefined : run.errors.get(how.failed.origin);
      // The transaction's own error keeps its kind: what may pass is tried again.
      if (cause !== undefined) throw this.#parts.report.at(asTsmoltError(cause), place, how.failed.stack);
      throw this.#parts.report.thrown(how.failed, place);
    }
    const unnoticed = how.unheeded?.find((call) => run.errors.has(call));
    if (unnoticed !== undefined) throw this.#parts.report.at(asTsmoltError(run.errors.get(unnoticed)), place);
  }

  async #answer(run: Run, call: CallText): Promise<void> {
    let answer: AnswerText;
    try {
      answer = { id: call.id, value: await this.#perform(run, call) };
    } catch (error) {
      run.errors.set(call.id, error);
      answer = { id: call.id, refused: refusal(error) };
    }
    // A sandbox that ended has ended the run already.
    await this.#parts.sandbox.request('answer', JSON.stringify(answer)).catch(() => undefined);
  }

  async #perform(run: Run, call: CallText): Promise<unknown> {
    const { transaction } = run;
    switch (call.call) {
      case 'query': {
        const found = await transaction.query(call.sql, call.values);
        return found.map((row) => row.map(shownValue));
      }
      case 'exec':
        await transaction.exec(call.sql, call.values);
        return null;
      case 'write': {
        const rows = call.rows.map((row) => this.#writtenRow(run, row));
        await transaction.write(rows);
        run.written += rows.length;
        return null;
      }
    }
  }

  #writtenRow({ rows }: Run, written: WrittenText): ScriptRow {
    const from = rows[typeof written === 'number' ? written : (written.from ?? 0)];
    if (from === undefined) throw new Error('the sandbox named a row that it never got');
    if (typeof written === 'number') return from;
    const { made } = this.#parts;
    const table = written.table === from.table.name.table ? null : written.table;
    if (written.action === 'delete') return made.deleteByKey(written.values, from, table);
    const kind = from.kind === 'update' ? 'update' : 'upsert';
    const row = made.rowOf({ kind, table, columns: written.columns, values: written.values }, from);
    return from.oldKey === undefined || table !== null ? row : { ...row, oldKey: from.oldKey };
  }

  #text(handler: number, rows: readonly ScriptRow[], transaction: ScriptTransaction): WriteText {
    const { relations } = this.#parts;
    const cells = rows.map((row) => relations.cells(row, 'write') as CellsText);
    const before = rows.map((row) => this.#before(row));
    const { schema, table, columns } = transaction;
    return { handler, relations: relations.takeUnannounced(), rows: cells, before, schema, table, columns };
  }

  #before(row: ScriptRow): CellsText | null {
    if (row.before === undefined) return null;
    const columns = row.beforeColumns ?? row.table.columns;
    return this.#parts.relations.plainCells(columns, row.before, row.table);
  }

  #place({ rows }: Run): Place {
    const table: ScriptTable | undefined = rows[0]?.table;
    return { handler: 'onWrite', ...(table && { table: table.name }) };
  }

  #observe(run: Run, { failed, started, asked }: { failed: boolean; started: number; asked: number }): void {
    const { schema = '', table = '' } = run.rows[0]?.table.name ?? {};
    this.#parts.observe({
      schema,
      table,
      function: 'onWrite',
      invocations: 1,
      processed: failed ? 0 : run.written,
      filtered: failed ? 0 : Math.max(0, run.rows.length - run.written),
      errors: failed ? 1 : 0,
      seconds: (performance.now() - started) / 1000,
      waitSeconds: (started - asked) / 1000,
    });
  }
}

const neverSettled = 'its promise is waiting for something that will never happen';

function promiseOfEnd(): {
  promise: Promise<DoneText | SandboxError>;
  resolve: (how: DoneText | SandboxError) => void;
} {
  let resolve: (how: DoneText | SandboxError) => void = () => undefined;
  const promise = new Promise<DoneText | SandboxError>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function refusal(error: unknown): { message: string; code: string | null } {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof TsmoltError ? error.serverCode : undefined;
  if (code === undefined) return { message, code: null };
  // MOLT's recipes look for this word in the error's text.
  const words = /^[0-9A-Z]{5}$/.test(code) ? `SQLSTATE ${code}` : code;
  return { message: message.includes(words) ? message : `${message} (${words})`, code };
}

/** A value of a query's answer as scripts see values: numbers are strings. */
function shownValue(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(shownValue);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shownValue(member)]));
  return null;
}
