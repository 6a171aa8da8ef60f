import type { Readable } from 'node:stream';
import { displayName, Secret } from '@tsmolt/core';
import type {
  BulkTarget, CopyFormat, CopyRequest, FileImporter, Logger, LoadStep, PlannedTable, TableDefinition, TableName,
} from '@tsmolt/core'; // prettier-ignore
import { columnList, copyBufferBytes, copyIn, countRows, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { Server, SessionPool } from '@tsmolt/pgwire';
import { enumStatements, notCarriedOver, schemasOf, tableStatements } from './create-table.js';
import { refuseUnknownTypes } from './chosen-types.js';
import { CockroachImporter } from './import.js';
import { importStatement } from './import-statement.js';

/**
 * Bulk load into CockroachDB by COPY and by IMPORT INTO.
 *
 * CSV is the one format that it reads as PostgreSQL writes it: in text format it does not decode hexadecimal bytes and
 * does not unescape JSON, enums and decimals.
 */
export class CockroachBulkTarget implements BulkTarget {
  readonly importFormats: readonly CopyFormat[] = ['csv', 'csv-marked-null'];
  readonly bufferBytes = copyBufferBytes;
  readonly importer: FileImporter;
  readonly #pool: SessionPool;
  readonly #server: Server;

  constructor(pool: SessionPool, server: Server, logger: Logger) {
    this.#pool = pool;
    this.#server = server;
    this.importer = new CockroachImporter(pool, server, logger);
  }

  async planTables(tables: readonly PlannedTable[]): Promise<TableDefinition[]> {
    await refuseUnknownTypes(this.#pool, tables);
    const schemas = [...new Set(tables.flatMap(schemasOf))].map(
      (schema) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`,
    );
    const types = [...new Set(tables.flatMap(enumStatements))];
    return tables.map((table, index) => ({
      name: table.name,
      statements: [...(index === 0 ? [...schemas, ...types] : []), ...tableStatements(table)],
      notCarriedOver: notCarriedOver(table),
    }));
  }

  createTables(definitions: readonly TableDefinition[]): Promise<void> {
    return this.#oneByOne(
      'creating tables',
      definitions.flatMap(({ statements }) => statements),
    );
  }

  dropTables(tables: readonly TableName[]): Promise<void> {
    return this.#oneByOne('dropping tables', this.explain({ kind: 'drop', tables }));
  }

  truncateTables(tables: readonly TableName[]): Promise<void> {
    return this.#oneByOne('truncating tables', this.explain({ kind: 'truncate', tables }));
  }

  explain(step: LoadStep): string[] {
    switch (step.kind) {
      case 'drop':
        return statementOn(step.tables, 'DROP TABLE IF EXISTS');
      case 'truncate':
        return statementOn(step.tables, 'TRUNCATE');
      case 'copy':
        return [copyStatement(step)];
      case 'import':
        return [importStatement({ ...step, files: [{ name: '...', url: new Secret('...') }] })];
    }
  }

  copyIn(request: CopyRequest, data: Readable): Promise<number> {
    return copyIn(
      {
        pool: this.#pool,
        url: this.#server.url,
        sql: copyStatement(request),
        subject: `loading ${displayName(request.table)}`,
        signal: request.signal,
        receipt: request.receipt,
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

function copyStatement(request: Pick<CopyRequest, 'table' | 'columns' | 'format'>): string {
  const nullText = request.format === 'csv-marked-null' ? ` NULL '\\N'` : '';
  return `COPY ${quoteTable(request.table)}${columnList(request.columns)} FROM STDIN WITH CSV${nullText}`;
}

/** No statement for no tables: SQL has none. */
function statementOn(names: readonly TableName[], verb: string): string[] {
  return names.length === 0 ? [] : [`${verb} ${names.map(quoteTable).join(', ')}`];
}
