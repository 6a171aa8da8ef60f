import { displayName } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';

/** Counts values that no target can hold and that the policy for them has replaced: nothing is changed in silence. */
export class ReplacedValues {
  readonly #options: Pick<ReplicationOptions, 'logger' | 'metrics'>;
  /** By table and column. */
  readonly #tables = new Map<string, Map<string, number>>();

  constructor(options: Pick<ReplicationOptions, 'logger' | 'metrics'>) {
    this.#options = options;
  }

  /** One value of a change that was read. Warns at the first one of each table. */
  count(table: TableName, column: string): void {
    const { logger, metrics } = this.#options;
    metrics.replaced(table);
    const name = displayName(table);
    let columns = this.#tables.get(name);
    if (columns === undefined) {
      columns = new Map();
      this.#tables.set(name, columns);
      logger.warn(
        { table: name, column },
        'replaces values that the target cannot hold, as --unrepresentable-values says; they are counted',
      );
    }
    columns.set(column, (columns.get(column) ?? 0) + 1);
  }

  /** Says at the end how many there were. */
  summarize(): void {
    for (const [table, columns] of this.#tables)
      this.#options.logger.warn(
        { table, replaced_values: Object.fromEntries(columns) },
        'replaced values that the target cannot hold, as --unrepresentable-values says',
      );
  }
}
