import { silentLogger } from '@tsmolt/core';
import type { Logger, TableName } from '@tsmolt/core';
import { compileScript } from './compile.js';
import { Dispatcher } from './dispatcher.js';
import type { Outcome } from './dispatcher.js';
import type { Observer } from './observation.js';
import type { ScriptRow, ScriptTransaction } from './rows.js';
import { Sandbox, SandboxError, defaultLimits } from './sandbox.js';
import type { SandboxSignals, ScriptLimits } from './sandbox.js';
import { FailureReport } from './script-failure.js';
import { TargetNames } from './target.js';
import type { TargetDescription } from './target.js';
import { MadeRows } from './wire/made-rows.js';
import type { LogText, RegisteredText } from './wire/messages.js';
import { Relations } from './wire/relations.js';
import { WriteRuns } from './write-runs.js';
import type { WriteResult } from './write-runs.js';

export interface UserscriptOptions {
  readonly target: TargetDescription;
  readonly limits?: ScriptLimits;
  /** Where the script's `console` writes. */
  readonly log?: Logger;
  readonly observe?: Observer;
}

/**
 * A userscript that is loaded: its handlers of API `replicator@v2`, in a sandbox.
 *
 * The order is MOLT's: `dispatchSchema` before rows are staged, `dispatchTables` when they come back, and then, for
 * tables with `onWrite`, `runOnWrite` in place of the write. A script has one set of variables, and its handlers see the
 * rows in the order of the calls.
 *
 * Guarantees: rows that the script leaves alone come back as the same objects, to the last byte; a script that fails or
 * does not end is an error with the place in the user's file, the table and the key, and no row of that batch comes
 * back. After a script was stopped (time, memory) every call fails with the same error: open it anew.
 */
export class Userscript {
  /** What in the script will never do anything, because the target has no such schema or table. */
  readonly warnings: readonly string[];
  readonly #sandbox: Sandbox;
  readonly #relations: Relations;
  readonly #dispatcher: Dispatcher;
  readonly #writes: WriteRuns;

  private constructor(parts: {
    sandbox: Sandbox;
    relations: Relations;
    dispatcher: Dispatcher;
    writes: WriteRuns;
    warnings: readonly string[];
  }) {
    this.#sandbox = parts.sandbox;
    this.#relations = parts.relations;
    this.#dispatcher = parts.dispatcher;
    this.#writes = parts.writes;
    this.warnings = parts.warnings;
  }

  /**
   * Compiles and loads a script.
   *
   * @param file TypeScript or JavaScript; messages name it as it is given
   * @throws TsmoltError `TSM1006` for what cannot be compiled, `TSM7006` for what fails while it is loaded
   */
  static async open(file: string, options: UserscriptOptions): Promise<Userscript> {
    const { code, positions } = await compileScript(file);
    const limits = { ...defaultLimits, ...options.limits };
    const report = new FailureReport(file, positions, limits);
    const runs: { current?: WriteRuns } = {};
    const signals: SandboxSignals = {
      log: (line) => logLine(options.log ?? silentLogger(), file, line),
      call: (call) => runs.current?.call(call),
      done: (done) => runs.current?.done(done),
      failed: (error) => runs.current?.done(error),
    };
    const loading = { handler: 'while the script was loaded' };
    try {
      const sandbox = await Sandbox.start(code, limits, signals);
      const booleans = JSON.stringify(options.target.booleans ?? ['true', 'false']);
      const { text } = await sandbox.request('registered', booleans);
      const registered = readRegistered(text);
      if (registered === undefined) throw report.thrown(spoiled, loading);
      const names = new TargetNames(options.target);
      const relations = new Relations(registered, names, file);
      const observe: Observer = options.observe ?? (() => undefined);
      const parts = { sandbox, relations, made: new MadeRows(names), report, observe };
      runs.current = new WriteRuns(parts);
      const warnings = unusedNames(registered, names);
      const dispatcher = new Dispatcher(parts);
      return new Userscript({ sandbox, relations, dispatcher, writes: runs.current, warnings });
    } catch (error) {
      throw error instanceof SandboxError ? report.sandbox(error, loading) : error;
    }
  }

  /** Whether rows of a schema have handlers that come before staging. */
  hasSchemaHandlers(schema: string): boolean {
    return this.#relations.handlerOf({ schema, table: '' }, 'schema') !== undefined;
  }

  /** Whether rows of a table have `onRowUpsert` and `onRowDelete` of their own. */
  hasTableHandlers(table: TableName): boolean {
    return this.#relations.handlerOf(table, 'tables') !== undefined;
  }

  /** Whether rows of a table must be written by `runOnWrite`. */
  hasOnWrite(table: TableName): boolean {
    return this.#relations.handlerOf(table, 'write') !== undefined;
  }

  /**
   * Runs the handlers of `configureTargetSchema`, before rows are staged.
   *
   * @param rows with the source's table and columns, and the target's schema
   * @returns for each row what stands in its place: itself, other rows of any tables, or nothing
   */
  dispatchSchema(rows: readonly ScriptRow[]): Promise<readonly Outcome[]> {
    return this.#dispatcher.dispatch(rows, 'schema');
  }

  /** Runs `onRowUpsert` and `onRowDelete` of `configureTargetTables`. @param rows with the target's table and columns */
  dispatchTables(rows: readonly ScriptRow[]): Promise<readonly Outcome[]> {
    return this.#dispatcher.dispatch(rows, 'tables');
  }

  /**
   * Runs `onWrite` of one table. What the script asks of its transaction is done by `transaction`; who calls commits, or
   * rolls back when this rejects. Calls wait for each other.
   *
   * @param rows of one table
   * @throws TsmoltError of the transaction itself, with its kind, where the script let it pass; else `TSM7006`
   */
  async runOnWrite(rows: readonly ScriptRow[], transaction: ScriptTransaction): Promise<WriteResult> {
    const [first] = rows;
    if (first === undefined) return { received: 0, written: 0 };
    const handler = this.#relations.handlerOf(first.table.name, 'write');
    if (handler === undefined)
      throw new Error(`${first.table.name.table} has no onWrite: ask hasOnWrite first`);
    return this.#writes.run(handler, rows, transaction);
  }

  /** Ends the sandbox. What is running fails. */
  close(): Promise<void> {
    return this.#sandbox.close();
  }
}

const spoiled = { name: '', message: 'the script changed how JavaScript itself works', stack: '' };

function readRegistered(text: string): RegisteredText | undefined {
  const registered = JSON.parse(text) as Partial<RegisteredText> | null;
  const whole = Array.isArray(registered?.schemas) && Array.isArray(registered.tables);
  return whole ? (registered as RegisteredText) : undefined;
}

function logLine(log: Logger, userscript: string, { level, message }: LogText): void {
  // What comes from the sandbox is not trusted to be a level.
  const known = (['trace', 'debug', 'warn', 'error'] as const).find((each) => each === level) ?? 'info';
  log[known]({ userscript }, message);
}

function unusedNames({ schemas, tables }: RegisteredText, names: TargetNames): string[] {
  const { known } = names;
  if (known === undefined) return [];
  const idleSchemas = schemas
    .filter((text) => !known.some(({ schema }) => names.meansSchema(text, schema)))
    .map((text) => `the userscript configures the schema ${text}, which the target does not have`);
  const idleTables = tables
    .flatMap((registration) => registration.names)
    .filter((text) => !known.some((name) => names.meansTable(text, name)))
    .map((text) => `the userscript configures the table ${text}, which the target does not have`);
  return [...idleSchemas, ...idleTables];
}
