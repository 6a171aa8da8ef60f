import type { Connection, QueryError } from 'mysql2';

type Row = Readonly<Record<string, unknown>>;

/** A prepared connection. */
export interface MysqlSession {
  /**
   * Runs one statement and gives its rows: numbers beyond 32 bits, decimals, dates and JSON as strings, NULL as null,
   * binary strings as `Buffer`.
   *
   * @param values for the question marks in the statement, quoted by the driver
   * @throws the driver's error: `MysqlSessionPool.use` classifies it
   */
  query<Result = Row>(sql: string, values?: readonly unknown[]): Promise<Result[]>;
  /** The driver's connection, to stream rows from. */
  readonly raw: Connection;
}

export function sessionOf(raw: Connection): MysqlSession {
  return {
    raw,
    query: <Result>(sql: string, values: readonly unknown[] = []) =>
      new Promise<Result[]>((resolve, reject) => {
        raw.query(sql, [...values], (error: QueryError | null, rows: unknown) => {
          if (error !== null) reject(error);
          else resolve(Array.isArray(rows) ? (rows as Result[]) : []);
        });
      }),
  };
}
