import { MultiBar, Presets } from 'cli-progress';
import type { SingleBar } from 'cli-progress';
import { displayName } from '@tsmolt/core';
import type { FetchEvent, PlannedTable } from '@tsmolt/fetch';
import { formatBytes, formatCount } from './format.js';

/** Shows a run while it goes on. */
export interface FetchProgress {
  show(event: FetchEvent): void;
  /** Prints a line above the display. */
  print(line: string): void;
  stop(): void;
}

/** @param live bars that move, on a terminal; otherwise the log's own lines are the progress */
export function createFetchProgress(live: boolean): FetchProgress {
  return live
    ? new LiveProgress()
    : { show: () => undefined, print: (line) => void process.stdout.write(line), stop: () => undefined };
}

/** A bar and what it has counted so far. */
interface Progress {
  readonly bar: SingleBar;
  rows: number;
  bytes: number;
}

const allTables = 'all tables';

const eraseBelow = '\u001b[J';
const showCursor = '\u001b[?25h';

/** A bar for all tables, and below it one for each table that is on its way. */
class LiveProgress implements FetchProgress {
  readonly #bars = new MultiBar(
    {
      format: '{name} {bar} {percentage}% {rows} rows {bytes} {state}',
      clearOnComplete: true,
      hideCursor: true,
      // Wrapping stays on for the log's lines; the bars themselves are cut to the terminal's width.
      linewrap: true,
      // Lines and bars move down and up: one that has not changed has to be drawn again too.
      forceRedraw: true,
      // Ctrl-C is the command's own affair, and the display goes on while it winds up.
      gracefulExit: false,
      fps: 8,
      barsize: 24,
      stream: process.stdout,
    },
    Presets.shades_classic,
  );
  readonly #running = new Map<string, Progress>();
  readonly #restoreCursor = (): void => void process.stdout.write(showCursor);
  #planned = new Map<string, PlannedTable>();
  #all: Progress | undefined;
  #finished = 0;

  show(event: FetchEvent): void {
    switch (event.type) {
      case 'planned':
        this.#plan(event.tables);
        break;
      case 'table started':
        this.#start(displayName(event.table));
        break;
      case 'progress':
        this.#advance(displayName(event.table), event.rows, event.bytes);
        break;
      case 'table hashing':
        draw(this.#running.get(displayName(event.table)), 'comparing checksums');
        break;
      case 'table finished':
        this.#finish(displayName(event.report.table));
        break;
    }
  }

  print(line: string): void {
    const whole = line.endsWith('\n') ? line : `${line}\n`;
    if (!this.#bars.isActive) {
      process.stdout.write(whole);
      return;
    }
    // Drawn at once: what waits for the next turn would be lost if the process ended before it.
    this.#bars.log(eraseBelow + whole);
    this.#bars.update();
  }

  stop(): void {
    if (this.#bars.isActive) this.#bars.stop();
    process.off('exit', this.#restoreCursor);
  }

  #plan(tables: readonly PlannedTable[]): void {
    this.#planned = new Map(tables.map((table) => [displayName(table.name), table]));
    // A second Ctrl-C ends the process without stop().
    process.once('exit', this.#restoreCursor);
    const bytes = tables.reduce((sum, table) => sum + table.estimatedBytes, 0);
    this.#all = this.#createBar(allTables, bytes);
    this.#drawAll();
  }

  #start(name: string): void {
    this.#running.set(name, this.#createBar(name, this.#planned.get(name)?.estimatedBytes ?? 0));
  }

  #advance(name: string, rows: number, bytes: number): void {
    for (const progress of [this.#running.get(name), this.#all]) {
      if (progress === undefined) continue;
      progress.rows += rows;
      progress.bytes += bytes;
    }
    draw(this.#running.get(name), '');
    this.#drawAll();
  }

  #finish(name: string): void {
    const table = this.#running.get(name);
    if (table === undefined) return;
    this.#running.delete(name);
    this.#finished++;
    this.#drawAll();
    this.#bars.remove(table.bar);
  }

  #drawAll(): void {
    draw(this.#all, `${this.#finished} of ${this.#planned.size} tables finished`);
  }

  #createBar(name: string, estimatedBytes: number): Progress {
    const width = Math.max(...[allTables, ...this.#planned.keys()].map((key) => key.length));
    const payload = { name: name.padEnd(width), rows: '0', bytes: '', state: '' };
    return { bar: this.#bars.create(Math.max(1, estimatedBytes), 0, payload), rows: 0, bytes: 0 };
  }
}

function draw(progress: Progress | undefined, state: string): void {
  if (progress === undefined) return;
  const { bar, rows, bytes } = progress;
  // Bytes move all the time, rows only when a batch is committed. The estimate is a guess: the bar must not run over.
  if (bytes * 1.02 > bar.getTotal()) bar.setTotal(bytes * 1.02);
  bar.update(bytes, { rows: formatCount(rows), bytes: formatBytes(bytes), state });
}
