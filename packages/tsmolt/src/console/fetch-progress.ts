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

interface TableProgress {
  readonly bar: SingleBar;
  rows: number;
  bytes: number;
}

/** A bar for each table that is on its way, and one for all of them. */
class LiveProgress implements FetchProgress {
  readonly #bars = new MultiBar(
    {
      format: '{name} {bar} {percentage}% {rows} rows {bytes} {state}',
      clearOnComplete: true,
      hideCursor: true,
      fps: 8,
      barsize: 24,
      stream: process.stdout,
    },
    Presets.shades_classic,
  );
  readonly #planned = new Map<string, PlannedTable>();
  readonly #running = new Map<string, TableProgress>();

  show(event: FetchEvent): void {
    switch (event.type) {
      case 'planned':
        for (const table of event.tables) this.#planned.set(displayName(table.name), table);
        break;
      case 'table started':
        this.#start(displayName(event.table));
        break;
      case 'progress':
        this.#advance(displayName(event.table), event.rows, event.bytes);
        break;
      case 'table hashing':
        this.#update(displayName(event.table), 'comparing checksums');
        break;
      case 'table finished':
        this.#finish(displayName(event.report.table));
        break;
    }
  }

  print(line: string): void {
    if (this.#running.size === 0) process.stdout.write(line);
    else this.#bars.log(line.endsWith('\n') ? line : `${line}\n`);
  }

  stop(): void {
    this.#bars.stop();
  }

  #start(name: string): void {
    const width = Math.max(...[...this.#planned.keys()].map((key) => key.length));
    const estimated = Math.max(1, this.#planned.get(name)?.estimatedRows ?? 1);
    const payload = { name: name.padEnd(width), rows: '0', bytes: '', state: '' };
    this.#running.set(name, { bar: this.#bars.create(estimated, 0, payload), rows: 0, bytes: 0 });
  }

  #advance(name: string, rows: number, bytes: number): void {
    const table = this.#running.get(name);
    if (table === undefined) return;
    table.rows += rows;
    table.bytes += bytes;
    this.#update(name, '');
  }

  #update(name: string, state: string): void {
    const table = this.#running.get(name);
    if (table === undefined) return;
    // The estimate is the statistics' guess: the bar must not run over, and not stand at its end too soon.
    const total = table.bar.getTotal();
    if (table.rows > total) table.bar.setTotal(table.rows);
    table.bar.update(table.rows, { rows: formatCount(table.rows), bytes: formatBytes(table.bytes), state });
  }

  #finish(name: string): void {
    const table = this.#running.get(name);
    if (table === undefined) return;
    this.#bars.remove(table.bar);
    this.#running.delete(name);
  }
}
