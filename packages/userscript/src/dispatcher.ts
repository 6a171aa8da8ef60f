import { TsmoltError } from '@tsmolt/core';
import type { Observation, Observer } from './observation.js';
import type { ScriptRow } from './rows.js';
import { SandboxError } from './sandbox.js';
import type { Sandbox } from './sandbox.js';
import type { FailureReport } from './script-failure.js';
import type { MadeRows } from './wire/made-rows.js';
import { readDispatched } from './wire/dispatched.js';
import type { DispatchText, MadeRowText, Phase } from './wire/messages.js';
import { actionOf, valuesSeen } from './wire/relations.js';
import type { Relations, SeenAs } from './wire/relations.js';
import { mergeRekey, oldKeyRow } from './rekey.js';

/** What stands in the place of one row: itself if the script left it alone, nothing if it was filtered out. */
export type Outcome = readonly ScriptRow[];

/** One text of this many rows or characters: enough to make the crossing cheap, little beside the sandbox's memory. */
const mostRows = 4096;
const mostCharacters = 1 << 20;

/** Rows that cross together. */
interface Crossing {
  /** Those that the sandbox sees: not all, and two for a row that got another key. */
  readonly rows: ScriptRow[];
  /** How it sees each of them. */
  readonly seen: SeenAs[];
  /** How many it sees of each row of the batch: none, one or two. */
  readonly counts: number[];
  /** Relation, action, and how many rows in sequence have these. */
  readonly runs: number[];
  /** The JSON texts of their values. */
  readonly lines: string[];
  characters: number;
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
    while (outcomes.length < rows.length) {
      const crossing = this.#load(rows, outcomes.length, phase);
      const results = crossing.rows.length === 0 ? [] : await this.#cross(crossing, phase);
      let next = 0;
      for (const count of crossing.counts) {
        const row = rows[outcomes.length] as ScriptRow;
        const first = results[next] as Outcome;
        if (count === 0) outcomes.push([row]);
        else outcomes.push(count === 1 ? first : mergeRekey(row, [first, results[next + 1] as Outcome]));
        next += count;
      }
    }
    return outcomes;
  }

  #load(rows: readonly ScriptRow[], start: number, phase: Phase): Crossing {
    const crossing: Crossing = { rows: [], seen: [], counts: [], runs: [], lines: [], characters: 0 };
    const { counts } = crossing;
    for (let at = start; at < rows.length; at++) {
      if (counts.length >= mostRows || crossing.characters >= mostCharacters) break;
      counts.push(this.#add(crossing, rows[at] as ScriptRow, phase));
    }
    return crossing;
  }

  #add(crossing: Crossing, row: ScriptRow, phase: Phase): number {
    const { relations } = this.#parts;
    const seen = relations.seenAs(row, phase);
    if (seen === undefined) return 0;
    if (row.oldKey === undefined) {
      put(crossing, row, seen);
      return 1;
    }
    const old = oldKeyRow(row, row.oldKey);
    put(crossing, old, relations.seenAs(old, phase) ?? seen);
    put(crossing, row, seen);
    return 2;
  }

  async #cross(crossing: Crossing, phase: Phase): Promise<Outcome[]> {
    const { relations, sandbox } = this.#parts;
    const head: DispatchText = { phase, relations: relations.takeUnannounced(), runs: crossing.runs };
    const text = `${JSON.stringify(head)}\n${crossing.lines.join('\n')}`;
    const started = performance.now();
    const answer = await sandbox.request('dispatch', text).catch((error: unknown) => {
      throw this.#stopped(error, crossing, phase);
    });
    const waitSeconds = (performance.now() - started) / 1000 - answer.seconds;
    const results = this.#results(readDispatched(answer.text, crossing.rows.length), crossing, phase);
    this.#observe(crossing, results, { phase, seconds: answer.seconds, waitSeconds });
    return results;
  }

  #results(answer: ReturnType<typeof readDispatched>, { rows, seen }: Crossing, phase: Phase): Outcome[] {
    const { made, report, observe } = this.#parts;
    if (answer === undefined) throw report.thrown(spoiled, { handler: 'while its answer was read' });
    if ('failed' in answer) {
      const row = rows[answer.row];
      observe({ ...nothingHappened(row, phase), errors: 1 });
      throw report.thrown(answer.failed, { handler: handlerName(row), row });
    }
    made.learn(answer.shapes);
    return answer.outcomes.map((outcome, index) => {
      const row = rows[index] as ScriptRow;
      if (outcome === 0) return [row];
      try {
        return this.#made(outcome, row, seen[index] as SeenAs);
      } catch (error) {
        if (error instanceof TsmoltError) throw report.at(error, { handler: handlerName(row), row });
        throw error;
      }
    });
  }

  #made(outcome: readonly MadeRowText[] | null, row: ScriptRow, seen: SeenAs): Outcome {
    const { made } = this.#parts;
    return (outcome ?? []).map((text) => {
      const [shape] = text;
      return shape === -1
        ? made.deleteByKey(text.slice(1) as (string | null)[], row)
        : made.row(text, row, seen);
    });
  }

  #stopped(error: unknown, { rows }: Crossing, phase: Phase): unknown {
    if (!(error instanceof SandboxError)) return error;
    const row = rows[error.failure.row];
    this.#parts.observe({ ...nothingHappened(row, phase), errors: 1 });
    return this.#parts.report.sandbox(error, { handler: handlerName(row), row });
  }

  /** Counts by table and function. The time of a crossing is shared among its rows: nobody times a single call. */
  #observe(
    { rows, runs }: Crossing,
    results: readonly Outcome[],
    { phase, seconds, waitSeconds }: { phase: Phase; seconds: number; waitSeconds: number },
  ): void {
    const counts = new Map<string, { -readonly [Name in keyof Observation]: Observation[Name] }>();
    let index = 0;
    for (let run = 0; run < runs.length; run += 3) {
      const [relation, action, length] = runs.slice(run, run + 3) as [number, number, number];
      const place = `${phase === 'schema' ? everyTable : String(relation)} ${String(action)}`;
      const count = counts.get(place) ?? { ...nothingHappened(rows[index], phase) };
      counts.set(place, count);
      const end = index + length;
      for (; index < end; index++) {
        count.invocations++;
        if (results[index]?.length === 0) count.filtered++;
        else count.processed++;
      }
    }
    for (const count of counts.values())
      this.#parts.observe({ ...count, seconds: (seconds * count.invocations) / rows.length, waitSeconds });
  }
}

function put(crossing: Crossing, row: ScriptRow, seen: SeenAs): void {
  const { rows, runs, lines } = crossing;
  const line = JSON.stringify(valuesSeen(row, seen));
  const action = actionOf(row);
  const run = runs.length - 3;
  if (runs[run] === seen.relation && runs[run + 1] === action) runs[run + 2] = (runs[run + 2] ?? 0) + 1;
  else runs.push(seen.relation, action, 1);
  rows.push(row);
  crossing.seen.push(seen);
  lines.push(line);
  crossing.characters += line.length;
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
