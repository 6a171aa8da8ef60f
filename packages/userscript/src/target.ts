import type { TableName } from '@tsmolt/core';
import type { ColumnView } from './rows.js';

/** A table of the target, as far as scripts have to do with it. */
export interface ScriptTarget {
  readonly name: TableName;
  /** In the order of the primary key. */
  readonly key: readonly string[];
  /** Columns that scripts see otherwise than as text. */
  readonly views?: Readonly<Record<string, ColumnView>>;
}

export interface TargetDescription {
  /** The target's database, as it stands before the schema in `configureTargetSchema('database.schema', ...)`. */
  readonly database?: string;
  /**
   * Every table that rows may be written to. Without it, any table is believed to exist, and a row that a script makes
   * has the key columns of the row that it was made from.
   */
  readonly tables?: readonly ScriptTarget[];
  /** How the target writes true and false where a script sets a boolean. */
  readonly booleans?: readonly [whenTrue: string, whenFalse: string];
}

/** Finds what scripts name: schemas and tables of the target, with or without the names before them. Case matters. */
export class TargetNames {
  readonly #database: string | undefined;
  readonly #tables: ReadonlyMap<string, ScriptTarget> | undefined;

  constructor(description: TargetDescription) {
    this.#database = description.database;
    this.#tables =
      description.tables &&
      new Map(description.tables.map((table) => [tableKey(table.name), table] as const));
  }

  /** The tables of the target, where they are known. */
  get known(): readonly TableName[] | undefined {
    return this.#tables && [...this.#tables.values()].map(({ name }) => name);
  }

  /** The name by which scripts know a schema: the one that `configureTargetSchema` takes. */
  schemaInScripts(schema: string): string {
    return this.#database === undefined ? schema : `${this.#database}.${schema}`;
  }

  /** Whether a name in `configureTargetSchema` means this schema. */
  meansSchema(text: string, schema: string): boolean {
    return text === schema || text === this.schemaInScripts(schema);
  }

  /** Whether a name in `configureTargetTables` means this table. A plain name means the tables of all schemas. */
  meansTable(text: string, { schema, table }: TableName): boolean {
    return (
      text === table || text === `${schema}.${table}` || text === `${this.schemaInScripts(schema)}.${table}`
    );
  }

  /** The table to which a script routes rows: of the row's own schema, unless the name says another one. */
  routed(text: string, schema: string): TableName {
    const plain = { schema, table: text };
    if (this.#tables === undefined || this.#tables.has(tableKey(plain)) || !text.includes('.')) return plain;
    return this.known?.find((name) => this.meansTable(text, name)) ?? plain;
  }

  find(name: TableName): ScriptTarget | undefined {
    return this.#tables?.get(tableKey(name));
  }

  /** False only where the tables are known and this is none of them. */
  mayExist(name: TableName): boolean {
    return this.#tables?.has(tableKey(name)) ?? true;
  }
}

/** One text for a table's name that no other table has. */
export function tableKey({ schema, table }: TableName): string {
  return JSON.stringify([schema, table]);
}
