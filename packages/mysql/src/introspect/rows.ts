/** Rows of the queries. The driver gives numbers of 64 bits as strings, and a comparison is such a number for some servers. */
export type Numeric = number | string;

export interface DatabaseRow {
  readonly name: string;
  readonly collation: string;
}

export interface TableRow {
  readonly table: string;
  readonly row_estimate: Numeric;
  readonly bytes: Numeric;
  readonly partitioned: Numeric;
}

export interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly position: Numeric;
  readonly data_type: string;
  readonly column_type: string;
  readonly nullable: Numeric;
  readonly default_value: string | null;
  readonly extra: string;
  readonly generation: string | null;
  readonly max_length: Numeric | null;
  readonly precision: Numeric | null;
  readonly scale: Numeric | null;
  readonly datetime_precision: Numeric | null;
  readonly character_set: string | null;
  readonly collation: string | null;
  /** Comma-separated: what the user may do with the column. */
  readonly privileges: string;
}

export interface IndexPartRow {
  readonly table: string;
  readonly name: string;
  readonly is_unique: Numeric;
  /** NULL where the part is an expression. */
  readonly column: string | null;
  readonly usable: Numeric;
}

export interface ForeignKeyColumnRow {
  readonly table: string;
  readonly name: string;
  readonly column: string;
  readonly target_schema: string;
  readonly target_table: string;
  readonly target_column: string;
}

export interface CheckRow {
  readonly table: string;
  readonly name: string;
  readonly clause: string;
}

/** What all tables of a database have, by table. */
export interface DatabaseRows {
  readonly database: DatabaseRow;
  readonly columns: ReadonlyMap<string, readonly ColumnRow[]>;
  readonly indexParts: ReadonlyMap<string, readonly IndexPartRow[]>;
  readonly foreignKeyColumns: ReadonlyMap<string, readonly ForeignKeyColumnRow[]>;
  readonly checks: ReadonlyMap<string, readonly CheckRow[]>;
  /** Names of the types that enum columns become, by `enumKey`. */
  readonly enumNames: ReadonlyMap<string, string>;
}

export function isTrue(value: Numeric): boolean {
  return Number(value) === 1;
}
