import type { Readable } from 'node:stream';
import { displayName } from '@tsmolt/core';
import type { BulkTarget, CopyFormat, CopyRequest, Table, TableDefinition, TableName } from '@tsmolt/core';
import { columnList, copyBufferBytes, copyIn, countRows, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { Server, SessionPool } from '@tsmolt/pgwire';
import { createTableStatement, enumStatements, notCarriedOver, schemasOf } from './create-table.js';

/**
 * Bulk load into CockroachDB by COPY.
 *
 * CSV is the one format that it reads as PostgreSQL writes it: in text format it does not decode hexadecimal bytes and
 * does not unescape JSON, enums and decimals.
 */
export class CockroachBulkTarget implements BulkTarget {
  readonly importFormats: readonly CopyFormat[] = ['csv', 'csv-marked-null'];
  readonly bufferBytes = copyBufferBytes;
  readonly #pool: SessionPool;
  readonly #server: Server;

  constructor(pool: SessionPool, server: Server) {
    this.#pool = pool;
    this.#server = server;
  }

  planTables(tables: readonly Table[]): Promise<TableDefinition[]> {
    const schemas = [...new Set(tables.flatMap(schemasOf))].map(
      (schema) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`,
    );
    const types = [...new Set(tables.flatMap(enumStatements))];
    const plan = (table: Table, index: number): TableDefinition => ({
      name: table.name,
      statements: [...(index === 0 ? [...schemas, ...types] : []), createTableStatement(table)],
      notCarriedOver: notCarriedOver(table),
    });
    return Promise.resolve().then(() => tables.map(plan));
  }

  createTables(definitions: readonly TableDefinition[]): Promise<void> {
    return this.#oneByOne(
      'creating tables',
      definitions.flatMap(({ statements }) => statements),
    );
  }

  dropTables(names: readonly TableName[]): Promise<void> {
    return this.#oneByOne('dropping tables', statementOn(names, 'DROP TABLE IF EXISTS'));
  }

  truncateTables(names: readonly TableName[]): Promise<void> {
    return this.#oneByOne('truncating tables', statementOn(names, 'TRUNCATE'));
  }

  copyIn(request: CopyRequest, data: Readable): Promise<number> {
    const sql = `COPY ${quoteTable(request.table)}${columnList(request.columns)} FROM STDIN WITH CSV${request.format === 'csv-marked-null' ? ` NULL '\\N'` : ''}`;
    return copyIn(
      {
        pool: this.#pool,
        url: this.#server.url,
        sql,
        subject: `loading ${displayName(request.table)}`,
        signal: request.signal,
      },
      data,
    );
  }

  countRows(name: TableName): Promise<bigint> {
    return countRows(this.#pool, name);
  }

  /** Schema changes are not transactional here: each is a job of its own, and its statement waits for it. */
  #oneByOne(subject: string, statements: readonly string[]): Promise<void> {
    return this.#pool.use(subject, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  }
}

/** No statement for no tables: SQL has none. */
function statementOn(names: readonly TableName[], verb: string): string[] {
  return names.length === 0 ? [] : [`${verb} ${names.map(quoteTable).join(', ')}`];
}
