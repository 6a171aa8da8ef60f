/** One value: how it is written in MySQL's SQL, and the text that PostgreSQL prints for the same value. */
export interface MysqlEdgeValue {
  readonly sql: string;
  readonly text: string;
}

/** One type of MySQL or MariaDB, with the values at its edges. */
export interface MysqlEdgeType {
  /** As in a column's declaration. */
  readonly type: string;
  /** PostgreSQL's type for it. */
  readonly target: string;
  /** Where the type exists; both without it. */
  readonly only?: 'mysql' | 'mariadb';
  readonly values: readonly MysqlEdgeValue[];
}

/** Values whose SQL is their text: numbers. */
export function numbers(...values: readonly string[]): MysqlEdgeValue[] {
  return values.map((text) => ({ sql: text, text }));
}

/** Texts, written as MySQL writes a literal with backslashes. */
export function texts(...values: readonly string[]): MysqlEdgeValue[] {
  return values.map((text) => ({ sql: literal(text), text }));
}

/** Literals whose text is another one in PostgreSQL. */
export function printedAs(...pairs: readonly (readonly [value: string, text: string])[]): MysqlEdgeValue[] {
  return pairs.map(([value, text]) => ({ sql: literal(value), text }));
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
