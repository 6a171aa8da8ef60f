/**
 * The interface between `tsmolt replicator` and userscripts, version 2, after the manual of MOLT Replicator.
 * `tsmolt replicator` has the module built in; this file is for your editor.
 */
declare module 'replicator@v2' {
  /**
   * A value of a column. Numbers are strings, so that none loses digits: parse them to calculate, and return strings.
   * Objects and lists are what JSON and array columns hold; the numbers in them are strings too.
   */
  export type RowValue = string | boolean | null | Row | RowValue[];

  /** Columns and their values. A column that is absent was not sent, and is not written. */
  export interface Row {
    [column: string]: RowValue;
  }

  /** Where a row belongs. `schema` is the target's, by the name that `configureTargetSchema` takes. */
  export type Metadata = Row & {
    readonly schema: string;
    /** The source's table in `configureTargetSchema`, the target's in `configureTargetTables`. */
    readonly table: string;
  };

  /** The row to write in place of this one, rows by the table that gets them, or null to leave the row out. */
  export type RowHandlerFn = (row: Row, metadata: Metadata) => Row | Record<string, Row[]> | null;

  /** Handlers for every table of a schema. They run first, before rows are staged. */
  export interface SchemaHandlers {
    /** A row was inserted or updated on the source. */
    onRowUpsert: RowHandlerFn;
    /**
     * A row was deleted on the source. The row has its key, and other columns only where the source sends them. Return
     * the key by the target's names; other columns are ignored.
     */
    onRowDelete: RowHandlerFn;
  }

  /** @param targetSchemaName a schema of the target, as in `defaultdb.public`. Case matters. */
  export function configureTargetSchema(targetSchemaName: string, handlers: SchemaHandlers): void;

  export type OnRowUpsertFn = (row: Row, meta: Metadata) => Row | null;
  /** Gets the values of the primary key, in its order, and returns those of the row to delete, or null. */
  export type OnRowDeleteFn = (keyVals: string[], meta: Metadata) => string[] | null;
  /** Writes rows of one table. What it does is committed after its promise is fulfilled, all or nothing. */
  export type OnWriteFn = (rows: RowOp[]) => Promise<unknown>;

  interface WriteHandler {
    onWrite?: OnWriteFn;
  }
  interface RowHandlers {
    onRowUpsert: OnRowUpsertFn;
    onRowDelete: OnRowDeleteFn;
  }
  interface NoRowHandlers {
    onRowUpsert?: undefined;
    onRowDelete?: undefined;
  }
  /** `onRowUpsert` and `onRowDelete` are given together, or neither is. */
  export type TableHandlers = WriteHandler & (RowHandlers | NoRowHandlers);

  /** @param tables names of the target's tables, with or without schema and database. Case matters. */
  export function configureTargetTables(tables: string[], configuration: TableHandlers): void;

  /** One row that is about to be written. */
  export type RowOp = ({ action: 'delete' } | { action: 'upsert'; data: Row }) & {
    /** The row before the change, where the source sends it. */
    before?: Row;
    meta: Metadata;
    /** The values of the primary key, in its order. */
    pk: string[];
  };

  /** The transaction that writes the rows. Only within `onWrite`. */
  export function getTX(): TargetTX;

  /** Writes rows as it is done without a script. Only within `onWrite`; committed after it. */
  export function write(rows: RowOp[]): Promise<void>;

  export interface TargetTX {
    /**
     * Runs a statement that returns rows.
     * @param query SQL of the target, with its placeholders (`$1`, or `?`)
     */
    query(query: string, ...params: ParameterValue[]): Promise<Iterable<QueryValue[]>>;
    /** Runs a statement that returns no rows. */
    exec(query: string, ...params: ParameterValue[]): Promise<void>;
    /** The table's columns, those of the primary key first. */
    columns(): TargetColumn[];
    /** The target's schema, quoted for use in SQL. */
    schema(): string;
    /** The target's table with its schema, quoted for use in SQL. */
    table(): string;
  }

  export type ParameterValue = RowValue | number | bigint | undefined;
  /** A value of an answer. Numbers are strings here too. */
  export type QueryValue = RowValue;

  export interface TargetColumn {
    /** The expression of its default, if it has one. */
    defaultExpr?: string;
    /** Whether replication leaves the column alone. */
    ignored: boolean;
    /** Quoted for use in SQL. */
    name: string;
    primary: boolean;
    type: string;
  }
}

/** Writes to the log of `tsmolt replicator`. Keep what is confidential out of it. */
interface Console {
  log(...args: unknown[]): void;
  info(...args: unknown[]): void;
  debug(...args: unknown[]): void;
  trace(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
  /** Writes again what is logged from here on. */
  enable(): void;
  /** Drops what is logged from here on. */
  disable(): void;
}
declare const console: Console;
