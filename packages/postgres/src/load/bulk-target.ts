import type { Readable } from 'node:stream';
import { displayName } from '@tsmolt/core';
import type {
  BulkTarget,
  CopyFormat,
  CopyRequest,
  LoadStep,
  PlannedTable,
  Table,
  TableDefinition,
  TableName,
} from '@tsmolt/core';
import { copyBufferBytes, copyIn, countRows, keepError, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { Server, SessionPool } from '@tsmolt/pgwire';
import { knowsOctalChar } from '../types/one-byte-char.js';
import { copyInStatement } from '../sql.js';
import { betweenTable, charDetour } from './char-detour.js';
import { notCarriedOver, tableStatements, typeDefinitions } from './create-table.js';
import type { TypeDefinition } from './create-table.js';
import { refuseOtherTypes } from './existing-types.js';
import { refuseMissingTypes } from './missing-types.js';

/** Bulk load into PostgreSQL by COPY. */
export class PostgresBulkTarget implements BulkTarget {
  readonly importFormats: readonly CopyFormat[] = ['binary', 'text', 'csv', 'csv-marked-null'];
  readonly bufferBytes = copyBufferBytes;
  readonly #pool: SessionPool;
  readonly #server: Server;

  constructor(pool: SessionPool, server: Server) {
    this.#pool = pool;
    this.#server = server;
  }

  async planTables(tables: readonly PlannedTable[]): Promise<TableDefinition[]> {
    await refuseMissingTypes(this.#pool, tables);
    await refuseOtherTypes(this.#pool, tables);
    const before = [...(await this.#missingSchemas(tables)), ...(await this.#missingTypes(tables))];
    return tables.map((table, index) => ({
      name: table.name,
      statements: [...(index === 0 ? before : []), ...tableStatements(table)],
      notCarriedOver: notCarriedOver(table),
    }));
  }

  createTables(definitions: readonly TableDefinition[]): Promise<void> {
    return this.#inTransaction(
      'creating tables',
      definitions.flatMap(({ statements }) => statements),
    );
  }

  dropTables(tables: readonly TableName[]): Promise<void> {
    return this.#inTransaction('dropping tables', this.explain({ kind: 'drop', tables }));
  }

  truncateTables(tables: readonly TableName[]): Promise<void> {
    return this.#inTransaction('truncating tables', this.explain({ kind: 'truncate', tables }));
  }

  explain(step: LoadStep): string[] {
    switch (step.kind) {
      case 'drop':
        return statementOn(step.tables, 'DROP TABLE IF EXISTS');
      case 'truncate':
        return statementOn(step.tables, 'TRUNCATE');
      case 'copy':
        return [copyInStatement(step.table, step.columns, step.format)];
      case 'import':
        return [];
    }
  }

  async copyIn(request: CopyRequest, data: Readable): Promise<number> {
    const { versionNumber, url } = this.#server;
    const { table, columns, format } = request;
    keepError(data);
    const detour = knowsOctalChar(versionNumber) ? undefined : await charDetour(this.#pool, request);
    return copyIn(
      {
        pool: this.#pool,
        url,
        sql: copyInStatement(detour === undefined ? table : betweenTable, columns, format),
        detour,
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

  /** `CREATE SCHEMA IF NOT EXISTS` demands a privilege even where the schema exists: hence the look first. */
  async #missingSchemas(tables: readonly Table[]): Promise<string[]> {
    const wanted = new Set([
      ...tables.map((table) => table.name.schema),
      ...tables.flatMap(typeDefinitions).map((type) => type.schema),
    ]);
    const { rows } = await this.#pool.use('reading schemas', (client) =>
      client.query<{ name: string }>('SELECT nspname AS name FROM pg_catalog.pg_namespace'),
    );
    for (const row of rows) wanted.delete(row.name);
    return [...wanted].map((schema) => `CREATE SCHEMA ${quoteIdentifier(schema)}`);
  }

  async #missingTypes(tables: readonly Table[]): Promise<string[]> {
    const key = (type: Pick<TypeDefinition, 'schema' | 'name'>): string =>
      JSON.stringify([type.schema, type.name]);
    const wanted = new Map(tables.flatMap(typeDefinitions).map((type) => [key(type), type.statement]));
    const { rows } = await this.#pool.use('reading types', (client) =>
      client.query<{ schema: string; name: string }>(
        `SELECT n.nspname AS schema, t.typname AS name FROM pg_catalog.pg_type t
          JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'c')`,
      ),
    );
    for (const row of rows) wanted.delete(key(row));
    return [...wanted.values()];
  }

  #inTransaction(subject: string, statements: readonly string[]): Promise<void> {
    return this.#pool.use(subject, async (client) => {
      await client.query('BEGIN');
      for (const statement of statements) await client.query(statement);
      await client.query('COMMIT');
    });
  }
}

/** No statement for no tables: SQL has none. */
function statementOn(names: readonly TableName[], verb: string): string[] {
  return names.length === 0 ? [] : [`${verb} ${names.map(quoteTable).join(', ')}`];
}
