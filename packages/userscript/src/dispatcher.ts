import { TsmoltError } from '@tsmolt/core';
import type { Observation, Observer } from './observation.js';
import type { ScriptRow } from './rows.js';
import { SandboxError } from './sandbox.js';
import type { Sandbox } from './sandbox.js';
import type { FailureReport } from './script-failure.js';
import type { MadeRows } from './wire/made-rows.js';
import { readDispatched } from './wire/dispatched.js';
import type { CellsText, OutcomeText, Phase } from './wire/messages.js';
import type { Relations } from './wire/relations.js';
import { mergeRekey, oldKeyRow } from './rekey.js';

/** What stands in the place of one row: itself if the script left it alone, nothing if it was filtered out. */
export type Outcome = readonly ScriptRow[];

/** One text of this many rows or characters: enough to make the crossing cheap, little beside the sandbox's memory. */
const mostRows = 4096;
const mostCharacters = 1 << 20;

/** One row on its way through the sandbox. */
interface Item {
  readonly row: ScriptRow;
  readonly cells: CellsText;
}

interface DispatcherParts {
  readonly sandbox: Sandbox;
  readonly relations: Relations;
  readonly made: MadeRows;
  readonly report: FailureReport;
  readonly observe: Observer;
}

/** Sends batches of rows through the handlers of one phase. */
export class Dispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /**
   * @returns one outcome for each row, in their order
   * @throws TsmoltError `TSM7006`: then no row of the batch has an outcome
   */
  async dispatch(rows: readonly ScriptRow[], phase: Phase): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let start = 0; start < rows.length;) {
      const end = chunkEnd(rows, start);
      outcomes.push(...(await this.#dispatchChunk(rows.slice(start, end), phase)));
      start = end;
    }
    return outcomes;
  }

  async #dispatchChunk(rows: readonly ScriptRow[], phase: Phase): Promise<Outcome[]> {
    const { relations, sandbox } = this.#parts;
    const items: Item[] = [];
    const counts = rows.map((row) => this.#addItems(items, row, phase));
    if (items.length === 0) return rows.map((row) => [row]);
    const text = { phase, relations: relations.takeUnannounced(), rows: items.map(({ cells }) => cells) };
    const started = performance.now();
    const answer = await sandbox.request('dispatch', JSON.stringify(text)).catch((error: unknown) => {
      throw this.#stopped(error, items, phase);
    });
    const waitSeconds = (performance.now() - started) / 1000 - answer.seconds;
    const results = this.#results(readDispatched(answer.text, items.length), items, phase);
    this.#observe(items, results, { phase, seconds: answer.seconds, waitSeconds });
    let next = 0;
    return rows.map((row, index) => {
      const mine = results.slice(next, (next += counts[index] ?? 0));
      return mine.length === 2 ? mergeRekey(row, mine) : (mine[0] ?? [row]);
    });
  }

  /** @returns how many rows the sandbox sees of it: none, one, or two for a row that got another key */
  #addItems(items: Item[], row: ScriptRow, phase: Phase): number {
    const seen = row.oldKey === undefined ? [row] : [oldKeyRow(row, row.oldKey), row];
    for (const each of seen) {
      const cells = this.#parts.relations.cells(each, phase);
      if (cells === undefined) return 0;
      items.push({ row: each, cells });
    }
    return seen.length;
  }

  #results(answer: ReturnType<typeof readDispatched>, items: readonly Item[], phase: Phase): Outcome[] {
    const { made, report, observe } = this.#parts;
    if (answer === undefined) throw report.thrown(spoiled, { handler: 'while its answer was read' });
    if ('failed' in answer) {
      const row = items[answer.row]?.row;
      observe({ ...nothingHappened(row, phase), errors: 1 });
      throw report.thrown(answer.failed, { handler: handlerName(row), row });
    }
    made.learn(answer.shapes);
    return answer.outcomes.map((outcome, index) => {
      const { row } = items[index] as Item;
      try {
        return this.#rows(outcome, row);
      } catch (error) {
        if (error instanceof TsmoltError) throw report.at(error, { handler: handlerName(row), row });
        throw error;
      }
    });
  }

  #rows(outcome: OutcomeText, row: ScriptRow): Outcome {
    if (outcome === 0) return [row];
    const { made } = this.#parts;
    return (outcome ?? []).map((text) => {
      const [shape, ...values] = text;
      return shape === -1 ? made.deleteByKey(values, row) : made.row(text, row);
    });
  }

  #stopped(error: unknown, items: readonly Item[], phase: Phase): unknown {
    if (!(error instanceof SandboxError)) return error;
    const row = items[error.failure.row]?.row;
    this.#parts.observe({ ...nothingHappened(row, phase), errors: 1 });
    return this.#parts.report.sandbox(error, { handler: handlerName(row), row });
  }

  /** Counts by table and function. The time of a crossing is shared among its rows: nobody times a single call. */
  #observe(
    items: readonly Item[],
    results: readonly Outcome[],
    { phase, seconds, waitSeconds }: { phase: Phase; seconds: number; waitSeconds: number },
  ): void {
    const counts = new Map<string, { -readonly [Name in keyof Observation]: Observation[Name] }>();
    items.forEach(({ row, cells }, index) => {
      const place = `${phase === 'schema' ? everyTable : String(cells[0])} ${row.kind === 'delete' ? 'd' : 'u'}`;
      const count = counts.get(place) ?? { ...nothingHappened(row, phase) };
      counts.set(place, count);
      count.invocations++;
      if (results[index]?.length === 0) count.filtered++;
      else count.processed++;
    });
    for (const count of counts.values())
      this.#parts.observe({ ...count, seconds: (seconds * count.invocations) / items.length, waitSeconds });
  }
}

/** A script that replaces functions of the language can break what we do with them beside it, never silently. */
const spoiled = { name: '', message: 'the script changed how JavaScript itself works', stack: '' };

/** What metrics call the tables of a schema's handlers (manual, "Userscript Metrics"). */
const everyTable = '*';

function nothingHappened(row: ScriptRow | undefined, phase: Phase): Observation {
  const { schema = '', table = '' } = row?.table.name ?? {};
  return {
    schema,
    table: phase === 'schema' ? everyTable : table,
    function: handlerName(row),
    invocations: 0,
    processed: 0,
    filtered: 0,
    errors: 0,
    seconds: 0,
    waitSeconds: 0,
  };
}

function handlerName(row: ScriptRow | undefined): 'onRowUpsert' | 'onRowDelete' {
  return row?.kind === 'delete' ? 'onRowDelete' : 'onRowUpsert';
}

function chunkEnd(rows: readonly ScriptRow[], start: number): number {
  let characters = 0;
  let end = start;
  while (end < rows.length && end - start < mostRows && characters < mostCharacters) {
    for (const value of (rows[end] as ScriptRow).values) characters += value?.length ?? 0;
    end++;
  }
  return end;
}
