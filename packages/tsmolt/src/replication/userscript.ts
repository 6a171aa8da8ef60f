import { nameFilter } from '@tsmolt/core';
import type { Database, Logger, Mutation, NameFilter, Table } from '@tsmolt/core';
import type { ChangeScript, ReplicationMetrics, ScriptedMutation, ScriptWrite } from '@tsmolt/replicator';
import { Userscript } from '@tsmolt/userscript';
import type { ScriptRow, ScriptTable } from '@tsmolt/userscript';
import { ScriptChanges } from './script-changes.js';
import { describeTarget, ScriptTables } from './script-tables.js';
import { scriptTransaction } from './script-transaction.js';

export interface ScriptOptions {
  readonly file: string;
  /** For the types of columns that handlers of rows see; who only writes has none. */
  readonly source?: Database;
  readonly target: Database;
  readonly filter?: NameFilter;
  readonly targetSchema: string;
  readonly logger: Logger;
  readonly metrics: ReplicationMetrics;
}

/** A userscript as the replicator asks for it, and its end. */
export interface OpenedScript {
  readonly script: ChangeScript;
  /** Whether it has `onWrite` for any table. */
  readonly writesItself: boolean;
  close(): Promise<void>;
}

/** @throws TsmoltError `TSM1006` for a script that cannot be compiled, `TSM7006` for one that fails when it is loaded */
export async function openUserscript(options: ScriptOptions): Promise<OpenedScript> {
  const { file, source, target, targetSchema, logger, metrics } = options;
  const all = await target.catalog.tables(nameFilter({}));
  const targets = all.filter(({ name }) => name.schema === targetSchema);
  const sources = (await source?.catalog.tables(options.filter ?? nameFilter({}))) ?? [];
  const { database } = target.url;
  const userscript = await Userscript.open(file, {
    target: { database, tables: targets.map(describeTarget), booleans: ['t', 'f'] },
    log: logger,
    observe: (seen) => metrics.script({ ...seen, schema: `${database}.${seen.schema}` }),
  });
  for (const warning of userscript.warnings) logger.warn({ userscript: file }, warning);
  const tables = new ScriptTables({ targetSchema, targets, sources });
  const writesItself = targets.some(({ name }) => userscript.hasOnWrite(name));
  return {
    script: new ReplicationScript(userscript, { tables, targetSchema, database, writesItself }),
    writesItself,
    close: () => userscript.close(),
  };
}

interface Places {
  readonly tables: ScriptTables;
  readonly targetSchema: string;
  readonly database: string;
  readonly writesItself: boolean;
}

/** Leads changes through the handlers of a script in the reference's order: those of the schema, those of their table. */
class ReplicationScript implements ChangeScript {
  readonly movesRows: boolean;
  readonly mayRunAhead: boolean;
  readonly #userscript: Userscript;
  readonly #places: Places;
  readonly #changes: ScriptChanges;
  readonly #handled = new WeakMap<ScriptTable, boolean>();

  constructor(userscript: Userscript, places: Places) {
    this.movesRows = userscript.hasSchemaHandlers(places.targetSchema);
    this.mayRunAhead = !places.writesItself;
    this.#userscript = userscript;
    this.#places = places;
    this.#changes = new ScriptChanges(places.tables, (name) => userscript.hasOnWrite(name));
  }

  async transform(changes: readonly Mutation[]): Promise<readonly (readonly ScriptedMutation[])[]> {
    const arriving = changes.map((change) => this.#arriving(change));
    const sent: ScriptRow[] = [];
    const placed = this.movesRows
      ? (await this.#userscript.dispatchSchema(arriving)).map((rows, index) =>
          rows.map((row) => {
            const there = this.#placed(row);
            if (row === arriving[index]) sent[index] = there;
            return there;
          }),
        )
      : arriving.map((row, index) => [(sent[index] = this.#placed(row))]);
    const results = await this.#byTable(placed);
    return changes.map((change, index) => {
      const row = sent[index] ?? this.#placed(arriving[index] ?? this.#arriving(change));
      return this.#changes.changes(change, results[index] ?? [], row);
    });
  }

  #arriving({ kind, table, values, oldKey, before }: Mutation): ScriptRow {
    const row = { kind, table: this.#places.tables.arriving(table), values };
    // Most changes have neither, and copying what is not there costs more than all the rest.
    if (oldKey === undefined && before === undefined) return row;
    return { ...row, ...(oldKey && { oldKey }), ...(before && { before }) };
  }

  /** Rows of tables that have handlers of their own cross once more, all together. */
  async #byTable(placed: readonly (readonly ScriptRow[])[]): Promise<readonly (readonly ScriptRow[])[]> {
    const flat = placed.flat();
    if (!flat.some(({ table }) => this.#hasHandlers(table))) return placed;
    const results = await this.#userscript.dispatchTables(flat);
    let next = 0;
    return placed.map((rows) =>
      rows.length === 1 ? (results[next++] ?? []) : rows.flatMap(() => results[next++] ?? []),
    );
  }

  #hasHandlers(table: ScriptTable): boolean {
    let has = this.#handled.get(table);
    if (has === undefined) {
      has = this.#userscript.hasTableHandlers(table.name);
      this.#handled.set(table, has);
    }
    return has;
  }

  /** In the target's spelling, as the handlers of tables get it. */
  #placed(row: ScriptRow): ScriptRow {
    const table = this.#places.tables.placed(row.table);
    return table === row.table ? row : { ...row, table };
  }

  writes(table: Table): boolean {
    return this.#userscript.hasOnWrite(table.name);
  }

  async write({ changes, ...write }: ScriptWrite): Promise<void> {
    const transaction = scriptTransaction(write, this.#places.database);
    const rows = changes.map(({ sourceBefore, ...change }): ScriptRow =>
      sourceBefore === undefined
        ? change
        : { ...change, before: sourceBefore.values, beforeColumns: sourceBefore.columns },
    );
    try {
      await this.#userscript.runOnWrite(rows, transaction);
    } catch (thrown) {
      // What the script met is told, not what came of ending its savepoints.
      await transaction.abandon().catch(() => undefined);
      throw thrown;
    }
    await transaction.finish();
  }
}
