import type { Column, EmptiedTable, LogicalType, Table } from '@tsmolt/core';

/** What PostgreSQL and CockroachDB write in different ways. */
export interface ApplyDialect {
  /** The table of UPDATE and DELETE, without the rows of other tables that a parent shows. */
  writable(table: Table): string;
  /** The expression, which is a text, as a value that can be compared with the column and assigned to it. */
  fromText(expression: string, column: Column): string;
  /** Whether values for columns that are always an identity can be inserted. */
  readonly insertsIdentity: boolean;
  /** `INSERT` where one row may be there already: a statement that is cheaper where all columns are written. */
  readonly wholeRowVerb: 'INSERT' | 'UPSERT';
  /** Whether rows that are not there yet may come by COPY, which reads their texts without `fromText`. */
  copiesFreshRows(table: Table): boolean;
  /** What a transaction of changes begins with: triggers of the target are to find what they would find for any other writer. */
  readonly beginning?: string;
  /** Has COMMIT not wait for the disk, for this transaction alone; unset where the server always waits. */
  readonly lazyCommit?: string;
  /** Statements that empty tables as part of the transaction. Each may fail for a foreign key until others have run. */
  truncate(tables: readonly EmptiedTable[]): readonly string[];
}

/**
 * The type without lengths and precisions. An explicit cast to `varchar(2)` cuts a value without a word, where an
 * assignment refuses it: so texts are cast to the bare type, and the assignment applies the rest.
 */
export function withoutModifiers(type: LogicalType): LogicalType {
  switch (type.kind) {
    case 'domain':
      return withoutModifiers(type.base);
    case 'array':
      return { kind: 'array', element: withoutModifiers(type.element) };
    case 'string':
      return { kind: 'string', ...(type.padded === undefined ? {} : { padded: type.padded }) };
    case 'decimal':
      return { kind: 'decimal' };
    case 'bit':
      // Plain `bit` has one bit.
      return { kind: 'bit', varying: true };
    case 'time':
    case 'timestamp':
      return { kind: type.kind, withZone: type.withZone };
    case 'native':
      return { kind: 'native', name: type.name.replace(/\([^()]*\)$/, '') };
    case 'boolean':
    case 'integer':
    case 'float':
    case 'bytes':
    case 'date':
    case 'interval':
    case 'uuid':
    case 'json':
    case 'inet':
    case 'enum':
    case 'composite':
      return type;
  }
}
