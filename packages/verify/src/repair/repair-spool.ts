import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { RowRepair, RowText } from '@tsmolt/core';

/** A statement, and the keys of its row as each side prints them. */
export interface RepairEntry {
  readonly statement: string;
  readonly key: RowText;
  readonly targetKey: RowText;
}

/** Statements of one kind for one table. */
export interface RepairPart {
  readonly table: number;
  readonly kind: RowRepair['kind'];
}

/**
 * Statements on disk, however many there are: they are found in the order of the comparison, and have to stand in the order
 * of the foreign keys.
 */
export class RepairSpool {
  readonly #folder: string;
  readonly #counts = new Map<string, number>();
  // Lines of several writers must not meet.
  readonly #inTurn = pLimit(1);

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** In a folder beside the file that the statements are for. */
  static async create(file: string): Promise<RepairSpool> {
    return new RepairSpool(await mkdtemp(`${file}.parts-`));
  }

  async add(part: RepairPart, entries: readonly RepairEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const name = nameOf(part);
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await this.#inTurn(() => appendFile(join(this.#folder, name), lines, { mode: 0o600 }));
    this.#counts.set(name, this.count(part) + entries.length);
  }

  count(part: RepairPart): number {
    return this.#counts.get(nameOf(part)) ?? 0;
  }

  /** The statements of a part, in groups of that many. */
  async *groups(part: RepairPart, size: number): AsyncGenerator<RepairEntry[]> {
    if (this.count(part) === 0) return;
    let group: RepairEntry[] = [];
    const input = createReadStream(join(this.#folder, nameOf(part)));
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      group.push(JSON.parse(line) as RepairEntry);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
    if (group.length > 0) yield group;
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

function nameOf({ table, kind }: RepairPart): string {
  return `${table}.${kind}`;
}
