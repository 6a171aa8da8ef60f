import type { TableName } from './names.js';
import type { LogicalType } from './types.js';

/** One column as its engine describes it. */
export interface Column {
  readonly name: string;
  readonly type: LogicalType;
  /** The type as the engine prints it, with its modifiers: for messages. */
  readonly nativeType: string;
  readonly nullable: boolean;
  /** Computed columns cannot be written: they are left out of every load. */
  readonly generated: boolean;
  /** `always` refuses explicit values on some engines, `by default` and `never` take them everywhere. */
  readonly identity: 'never' | 'always' | 'by default';
  readonly hasDefault: boolean;
  /** How a generated column is computed, in the source's own SQL. */
  readonly generation?: { readonly expression: string; readonly stored: boolean };
  /** Set where a collation other than the database's own decides how values sort. */
  readonly collation?: string;
  /** What a text's bytes mean, on engines whose columns have character sets of their own. */
  readonly characterSet?: string;
  /**
   * Names the byte layout of the value in COPY's binary format; two columns with the same tag may exchange binary rows.
   * Unset where the layout carries identifiers that only mean something inside one database (enum arrays, composites).
   */
  readonly binaryLayout?: string;
}

/** An ordered list of column names that identifies a row. */
export interface Key {
  readonly name: string;
  readonly columns: readonly string[];
}

/** A foreign key; `target` may lie outside the tables that are migrated. */
export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly target: TableName;
  readonly targetColumns: readonly string[];
}

/** One table, columns in their declared order. */
export interface Table {
  readonly name: TableName;
  readonly columns: readonly Column[];
  readonly primaryKey?: Key;
  readonly uniqueKeys: readonly Key[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly checks: readonly string[];
  /** Columns that some index starts with: a condition on one of them need not read the whole table. */
  readonly indexedColumns: readonly string[];
  /** A partitioned table is read and written through its root; its partitions are not listed. */
  readonly partitioned: boolean;
  /** Whether the user of this connection may read it. */
  readonly readable: boolean;
  /** The statistics' guess: for progress and for planning shards, never for proof. */
  readonly estimate: { readonly rows: number; readonly bytes: number };
}

/** The column of that name. @throws when the table has none: a caller that asks has read the same catalog. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new Error(`no column ${name} in ${table.name.schema}.${table.name.table}`);
  return column;
}
