import { displayName } from './names.js';
import type { TableName } from './names.js';

/** What one shard moved: both counts come from the servers, never from counting bytes. */
export interface ShardEntry {
  readonly shard: number;
  readonly exportedRows: number;
  readonly importedRows: number;
  readonly bytes: number;
}

/** A shard whose two sides differ. */
export interface Imbalance {
  readonly table: TableName;
  readonly shard: number;
  readonly exportedRows: number;
  readonly importedRows: number;
}

export interface TableTotals {
  readonly shards: number;
  readonly exportedRows: number;
  readonly importedRows: number;
  readonly bytes: number;
}

/** The two sides of a run, table by table and shard by shard. A run is good only if `imbalances()` is empty. */
export class Ledger {
  readonly #tables = new Map<
    string,
    { readonly name: TableName; readonly shards: Map<number, ShardEntry> }
  >();

  /** Adds to the shard's entry: a shard is recorded once for each of its ranges. */
  record(table: TableName, entry: ShardEntry): void {
    const shards = this.#entry(table).shards;
    const before = shards.get(entry.shard);
    shards.set(entry.shard, {
      shard: entry.shard,
      exportedRows: (before?.exportedRows ?? 0) + entry.exportedRows,
      importedRows: (before?.importedRows ?? 0) + entry.importedRows,
      bytes: (before?.bytes ?? 0) + entry.bytes,
    });
  }

  totals(table: TableName): TableTotals {
    const totals = { shards: 0, exportedRows: 0, importedRows: 0, bytes: 0 };
    for (const entry of this.#entry(table).shards.values()) {
      totals.shards += 1;
      totals.exportedRows += entry.exportedRows;
      totals.importedRows += entry.importedRows;
      totals.bytes += entry.bytes;
    }
    return totals;
  }

  imbalances(): Imbalance[] {
    return [...this.#tables.values()].flatMap(({ name, shards }) =>
      [...shards.values()]
        .filter((entry) => entry.exportedRows !== entry.importedRows)
        .map(({ shard, exportedRows, importedRows }) => ({ table: name, shard, exportedRows, importedRows })),
    );
  }

  #entry(table: TableName): { readonly name: TableName; readonly shards: Map<number, ShardEntry> } {
    const key = displayName(table);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const entry = { name: table, shards: new Map<number, ShardEntry>() };
    this.#tables.set(key, entry);
    return entry;
  }
}
