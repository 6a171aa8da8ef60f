import { comparisonKey, nameFilter, withoutDomain } from '@tsmolt/core';
import type { ApplyTransaction, ChangedTable, Column, Database, Logger, Mutation, Table } from '@tsmolt/core';
import type { ChangeScript, ScriptWrite } from '@tsmolt/replicator';
import { Userscript } from '@tsmolt/userscript';
import type { ColumnView, ScriptRow, ScriptTable, ScriptTarget, ScriptTransaction } from '@tsmolt/userscript';

export interface ScriptOptions {
  readonly file: string;
  readonly target: Database;
  readonly targetSchema: string;
  readonly logger: Logger;
}

/** A userscript as the replicator asks for it, and its end. */
export interface OpenedScript {
  readonly script: ChangeScript;
  close(): Promise<void>;
}

/** @throws TsmoltError `TSM1006` for a script that cannot be compiled, `TSM7006` for one that fails when it is loaded */
export async function openUserscript({
  file,
  target,
  targetSchema,
  logger,
}: ScriptOptions): Promise<OpenedScript> {
  const all = await target.catalog.tables(nameFilter({}));
  const tables = all.filter(({ name }) => name.schema === targetSchema);
  const userscript = await Userscript.open(file, {
    target: { database: target.url.database, tables: tables.map(describeTable), booleans: ['t', 'f'] },
    log: logger,
  });
  for (const warning of userscript.warnings) logger.warn(warning);
  return {
    script: new ReplicationScript(userscript, { tables, targetSchema, database: target.url.database }),
    close: () => userscript.close(),
  };
}

function describeTable({ name, columns, primaryKey }: Table): ScriptTarget {
  const views = columns.flatMap((column): [string, ColumnView][] => {
    const view = viewOf(column);
    return view === 'text' ? [] : [[column.name, view]];
  });
  return { name, key: primaryKey?.columns ?? [], views: Object.fromEntries(views) };
}

function viewOf({ type }: Column): ColumnView {
  const { kind } = withoutDomain(type);
  return kind === 'boolean' || kind === 'json' || kind === 'array' ? kind : 'text';
}

interface Places {
  readonly tables: readonly Table[];
  readonly targetSchema: string;
  readonly database: string;
}

/** Leads changes through the handlers of a script in the reference's order: those of the schema, those of their table. */
class ReplicationScript implements ChangeScript {
  readonly #userscript: Userscript;
  readonly #places: Places;
  readonly #byName: ReadonlyMap<string, Table>;
  readonly #arriving = new WeakMap<ChangedTable, ScriptTable>();

  constructor(userscript: Userscript, places: Places) {
    this.#userscript = userscript;
    this.#places = places;
    this.#byName = new Map(places.tables.map((table) => [comparisonKey(table.name.table, false), table]));
  }

  async transform(changes: readonly Mutation[]): Promise<readonly (readonly Mutation[])[]> {
    const arriving = changes.map((change) => ({ ...change, table: this.#arrivingTable(change.table) }));
    const routed = this.#userscript.hasSchemaHandlers(this.#places.targetSchema)
      ? await this.#userscript.dispatchSchema(arriving)
      : arriving.map((row) => [row]);
    return this.#byTable(routed);
  }

  /** Rows of tables that have handlers of their own cross once more, all together. */
  async #byTable(routed: readonly (readonly ScriptRow[])[]): Promise<readonly (readonly ScriptRow[])[]> {
    const concerned = routed.flat().filter((row) => this.#userscript.hasTableHandlers(row.table.name));
    if (concerned.length === 0) return routed;
    const results = await this.#userscript.dispatchTables(concerned);
    let next = 0;
    return routed.map((rows) =>
      rows.flatMap((row) =>
        this.#userscript.hasTableHandlers(row.table.name) ? (results[next++] ?? []) : [row],
      ),
    );
  }

  writes(table: Table): boolean {
    return this.#userscript.hasOnWrite(table.name);
  }

  async write({ table, changes, transaction, write }: ScriptWrite): Promise<void> {
    await this.#userscript.runOnWrite(
      changes,
      scriptTransaction(table, { transaction, write, ...this.#places }),
    );
  }

  /** In the target's schema, and with the target's spelling where the target has such a table or column. */
  #arrivingTable(table: ChangedTable): ScriptTable {
    let known = this.#arriving.get(table);
    if (known === undefined) {
      const target = this.#byName.get(comparisonKey(table.name.table, false));
      const spelling = new Map(target?.columns.map(({ name }) => [comparisonKey(name, false), name]));
      known = {
        name: { schema: this.#places.targetSchema, table: target?.name.table ?? table.name.table },
        columns: table.columns.map((name) => spelling.get(comparisonKey(name, false)) ?? name),
        key: table.key,
      };
      this.#arriving.set(table, known);
    }
    return known;
  }
}

function scriptTransaction(
  { name, columns, primaryKey }: Table,
  { transaction, write, database }: Pick<ScriptWrite, 'transaction' | 'write'> & Places,
): ScriptTransaction {
  const key = primaryKey?.columns ?? [];
  const others = columns.filter((column) => !key.includes(column.name));
  const keyColumns = key.flatMap((wanted) => columns.filter((column) => column.name === wanted));
  return {
    schema: `${quoted(database)}.${quoted(name.schema)}`,
    table: `${quoted(database)}.${quoted(name.schema)}.${quoted(name.table)}`,
    columns: [...keyColumns, ...others].map((column) => ({
      name: quoted(column.name),
      type: column.nativeType,
      primary: key.includes(column.name),
      ignored: column.generated,
    })),
    query: async (sql, values) => (await transaction.query(sql, values)).map((row) => Object.values(row)),
    exec: async (sql, values) => void (await run(transaction, sql, values)),
    write,
  };
}

function run(
  transaction: ApplyTransaction,
  sql: string,
  values: readonly (string | null)[],
): Promise<unknown> {
  return transaction.query(sql, values);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
