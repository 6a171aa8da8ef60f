import { createLogger } from '@tsmolt/core';
import { ChangeReader, recordedChange } from './recorded-changes.js';
import type { RecordedChange } from './recorded-changes.js';
import type { ScriptRow, ScriptTransaction } from './rows.js';
import type { ScriptLimits } from './sandbox.js';
import { tableKey } from './target.js';
import type { TargetDescription } from './target.js';
import { Userscript } from './userscript.js';

/** What a script would have done. `line` is that of the recorded change, from 1. */
export type TestedStep =
  /** The row would be written; a row that was left alone is the recorded change. */
  | { readonly did: 'write'; readonly line: number; readonly row: RecordedChange }
  | { readonly did: 'filter'; readonly line: number; readonly table: string }
  /** A statement that `onWrite` would run. No database answers: `query` finds nothing. */
  | {
      readonly did: 'query' | 'exec';
      readonly line: number;
      readonly sql: string;
      readonly values: readonly (string | null)[];
    }
  | { readonly did: 'log'; readonly level: string; readonly message: string };

export interface TestOptions {
  /** How messages name the changes. */
  readonly eventsName?: string;
  /** Without it every table is believed to exist, with the key that the changes have. */
  readonly target?: TargetDescription;
  readonly limits?: ScriptLimits;
  /** How many changes make a batch: what `onWrite` gets at once. */
  readonly batchSize?: number;
  /** Answers `getTX().query` in place of nobody. */
  readonly answer?: (sql: string, values: readonly (string | null)[]) => readonly (readonly unknown[])[];
}

/** A row on its way, and the line that it came from. */
interface Traced {
  readonly line: number;
  readonly row: ScriptRow;
}

/**
 * Runs a script over recorded changes, as the replicator would, and says what it would write.
 *
 * @param events lines of JSON, one change each (`RecordedChange`); empty lines are skipped
 * @throws TsmoltError `TSM1006` naming file and line of a change that cannot be read; what `Userscript` throws
 */
export async function* testScript(
  file: string,
  events: AsyncIterable<string>,
  options: TestOptions = {},
): AsyncGenerator<TestedStep> {
  const steps: TestedStep[] = [];
  const { target = {}, limits, batchSize = 100 } = options;
  const log = createLogger('trace', logSteps(steps));
  const script = await Userscript.open(file, { target, log, ...(limits && { limits }) });
  try {
    const test = new Test(script, steps, options);
    const reader = new ChangeReader(options.eventsName ?? 'events');
    let batch: Traced[] = [];
    let line = 0;
    for await (const text of events) {
      line++;
      if (text.trim() !== '') batch.push({ line, row: reader.read(text, line) });
      if (batch.length < batchSize) continue;
      yield* await test.run(batch);
      batch = [];
    }
    yield* await test.run(batch);
  } finally {
    await script.close();
  }
}

class Test {
  readonly #script: Userscript;
  readonly #steps: TestedStep[];
  readonly #options: TestOptions;

  constructor(script: Userscript, steps: TestedStep[], options: TestOptions) {
    this.#script = script;
    this.#steps = steps;
    this.#options = options;
  }

  async run(batch: readonly Traced[]): Promise<readonly TestedStep[]> {
    const staged = await this.#phase(batch, (rows) => this.#script.dispatchSchema(rows));
    const ready = await this.#phase(staged, (rows) => this.#script.dispatchTables(rows));
    for (const group of groups(ready, ({ row }) => tableKey(row.table.name))) await this.#write(group);
    return this.#steps.splice(0);
  }

  async #phase(
    batch: readonly Traced[],
    dispatch: (rows: readonly ScriptRow[]) => ReturnType<Userscript['dispatchSchema']>,
  ): Promise<Traced[]> {
    const outcomes = await dispatch(batch.map(({ row }) => row));
    return batch.flatMap(({ line, row }, index) => {
      const outcome = outcomes[index] ?? [];
      if (outcome.length === 0) this.#steps.push({ did: 'filter', line, table: row.table.name.table });
      return outcome.map((made) => ({ line, row: made }));
    });
  }

  async #write(group: readonly Traced[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const lines = new Map(group.map(({ line, row }) => [row, line] as const));
    const write = (rows: readonly ScriptRow[]): void => {
      for (const row of rows)
        this.#steps.push({ did: 'write', line: lines.get(row) ?? first.line, row: recordedChange(row) });
    };
    const rows = group.map(({ row }) => row);
    if (this.#script.hasOnWrite(first.row.table.name))
      await this.#script.runOnWrite(rows, this.#transaction(first, write));
    else write(rows);
  }

  #transaction({ line, row }: Traced, write: (rows: readonly ScriptRow[]) => void): ScriptTransaction {
    const { schema, table } = row.table.name;
    const step = (did: 'query' | 'exec', sql: string, values: readonly (string | null)[]): void => {
      this.#steps.push({ did, line, sql, values });
    };
    return {
      schema: quoted(schema),
      table: `${quoted(schema)}.${quoted(table)}`,
      columns: columnsOf(row),
      query: async (sql, values) => {
        step('query', sql, values);
        return this.#options.answer?.(sql, values) ?? [];
      },
      exec: async (sql, values) => step('exec', sql, values),
      write: async (rows) => write(rows),
    };
  }
}

/** What the changes show of a table: no catalog is asked. */
function columnsOf({ table }: ScriptRow): ScriptTransaction['columns'] {
  const places = [...table.key, ...[...table.columns.keys()].filter((index) => !table.key.includes(index))];
  return places.map((index) => ({
    name: quoted(table.columns[index] ?? ''),
    type: 'TEXT',
    primary: table.key.includes(index),
    ignored: false,
  }));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Lists of those with the same key, in the order of each list's first. */
function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): Iterable<readonly Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key) ?? [];
    group.push(item);
    found.set(key, group);
  }
  return found.values();
}

/** The script's log lines, in their place among the other steps. */
function logSteps(steps: TestedStep[]): { write(line: string): void } {
  return {
    write(line) {
      const { level, message } = JSON.parse(line) as { level: string; message: string };
      steps.push({ did: 'log', level, message });
    },
  };
}
