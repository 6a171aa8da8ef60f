import { displayName } from '@tsmolt/core';
import type { ExportStream, Logger, TableName } from '@tsmolt/core';

/** Counts the values that the policy for unrepresentable ones has replaced: what is changed is never changed in silence. */
export class Substitutions {
  readonly #logger: Logger;
  readonly #tables = new Map<string, Map<string, number>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds what an export that has ended says. */
  add(table: TableName, exported: ExportStream): void {
    const found = exported.substitutions?.() ?? new Map<string, number>();
    if (found.size === 0) return;
    const name = displayName(table);
    const counts = this.#tables.get(name) ?? new Map<string, number>();
    for (const [column, count] of found) counts.set(column, (counts.get(column) ?? 0) + count);
    this.#tables.set(name, counts);
    this.#logger.warn(
      { table: name, replaced_values: Object.fromEntries(found) },
      'replaced values that the target cannot hold, as --unrepresentable-values says',
    );
  }

  /** By column; empty where nothing was replaced. */
  of(table: TableName): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#tables.get(displayName(table)) ?? []);
  }
}
