import { Counter, displayName, Gauge, Registry } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';

/** MOLT's fetch metrics under MOLT's names (manual, "MOLT Fetch monitoring"). */
export class FetchMetrics {
  readonly registry = new Registry();
  readonly #numTables = this.#gauge(
    'molt_fetch_num_tables',
    'Number of tables that are moved from the source.',
  );
  readonly #overallDuration = this.#gauge(
    'molt_fetch_overall_duration',
    'Duration in seconds of the fetch task.',
  );
  readonly #exportDuration = this.#gauge(
    'molt_fetch_table_export_duration_ms',
    "Duration in milliseconds of a table's export.",
    ['table'],
  );
  readonly #importDuration = this.#gauge(
    'molt_fetch_table_import_duration_ms',
    "Duration in milliseconds of a table's import.",
    ['table'],
  );
  readonly #errors = this.#counter(
    'molt_fetch_num_task_errors',
    'Number of errors encountered by the fetch task.',
  );
  readonly #exported = this.#counter('molt_fetch_rows_exported', 'Rows exported from a table.', ['table']);
  readonly #imported = this.#counter('molt_fetch_rows_imported', 'Rows imported into a table.', ['table']);

  tables(count: number): void {
    this.#numTables.set(count);
  }

  exported(table: TableName, rows: number): void {
    this.#exported.inc({ table: displayName(table) }, rows);
  }

  imported(table: TableName, rows: number): void {
    this.#imported.inc({ table: displayName(table) }, rows);
  }

  tableDurations(table: TableName, exportMs: number, importMs: number): void {
    this.#exportDuration.set({ table: displayName(table) }, exportMs);
    this.#importDuration.set({ table: displayName(table) }, importMs);
  }

  error(): void {
    this.#errors.inc();
  }

  finished(milliseconds: number): void {
    this.#overallDuration.set(milliseconds / 1000);
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}
