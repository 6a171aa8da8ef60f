import type { Column, LogicalType } from '@tsmolt/core';

type Row = Record<string, unknown>;

/** A connection past the adapter. */
export interface ContractClient {
  /** The rows of a statement; none where it has none. */
  query<Result extends Row = Row>(statement: string): Promise<Result[]>;
  end(): Promise<void>;
}

/**
 * How the statements of the contracts are written for one engine. A contract asks for what it needs; what an engine has
 * no counterpart for, it does not offer.
 */
export interface ContractDialect {
  connect(url: string): Promise<ContractClient>;
  /** Makes an empty place for the tables of one test, current from now on; gives its name as `TableName.schema` has it. */
  freshSchema(client: ContractClient): Promise<string>;
  /** False where a filter of schemas does not apply. */
  readonly hasSchemas: boolean;
  readonly quote: (identifier: string) => string;
  /** Makes what is no table and hangs on the table `t (id int)`: views, sequences, indexes. */
  readonly notTables: readonly string[];
  /** Schemas that no catalog may list. */
  readonly systemSchemas: RegExp;
  /** Statements that make a table `t` with every kind of column, and what the catalog says about each. */
  readonly columnKinds: { readonly statements: readonly string[]; readonly expected: readonly ColumnKind[] };
  /** Types as columns are declared with them, and their meaning. */
  readonly types: readonly DeclaredType[];
  /** Statements that make what the types need. */
  readonly typeSetup: readonly string[];
}

export interface ColumnKind extends Pick<Column, 'name' | 'nullable' | 'generated' | 'identity'> {
  /** Neither identity nor generated, and filled where an INSERT leaves it out. */
  readonly hasDefault: boolean;
}

export interface DeclaredType {
  readonly declaration: string;
  readonly meaning: (schema: string) => LogicalType;
}

/** A nullable column without anything. */
export const plainColumn = {
  nullable: true,
  generated: false,
  identity: 'never',
  hasDefault: false,
} as const;
