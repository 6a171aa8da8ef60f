import type { Catalog, Logger, NameFilter, Table } from '@tsmolt/core';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSession } from '../connect/session.js';
import type { MysqlSessionPool } from '../connect/session-pool.js';
import { serverErrorNumber } from '../errors.js';
import { quoteIdentifier } from '../sql.js';
import { describeTable, grouped } from './describe-table.js';
import { enumNames } from './enum-names.js';
import {
  checksQuery,
  columnsQuery,
  databaseQuery,
  foreignKeyColumnsQuery,
  indexPartsQuery,
  partlyGrantedQuery,
  tablesQuery,
} from './queries.js';
import type {
  CheckRow,
  ColumnRow,
  DatabaseRow,
  DatabaseRows,
  ForeignKeyColumnRow,
  IndexPartRow,
  TableRow,
} from './rows.js';

/**
 * Reads `information_schema` of the database in the connection string; a handful of queries for any number of tables.
 * They are presented in schema `public`, as MOLT does; a filter of schemas does not apply, and the log says so.
 */
export class MysqlCatalog implements Catalog {
  readonly #pool: MysqlSessionPool;
  readonly #server: MysqlServer;

  readonly #logger: Logger;
  #toldOfSchemas = false;

  constructor(pool: MysqlSessionPool, server: MysqlServer, logger: Logger) {
    this.#pool = pool;
    this.#server = server;
    this.#logger = logger;
  }

  tables(filter: NameFilter): Promise<Table[]> {
    return this.#pool.use('reading the catalog', async (session) => {
      const [database] = await session.query<DatabaseRow>(databaseQuery);
      if (database === undefined) return [];
      const rows = await session.query<TableRow>(tablesQuery, [database.name]);
      this.#tellOfSchemas(filter);
      const wanted = rows
        .filter(({ table }) => filter.matchesTable(table))
        .toSorted((left, right) => Buffer.compare(Buffer.from(left.table), Buffer.from(right.table)));
      return wanted.length === 0 ? [] : this.#describe(session, database, { rows, wanted });
    });
  }

  #tellOfSchemas({ choosesSchemas }: NameFilter): void {
    if (!choosesSchemas || this.#toldOfSchemas) return;
    this.#toldOfSchemas = true;
    this.#logger.warn(
      '--schema-filter does not apply to MySQL: its tables belong to the database in the connection string',
    );
  }

  async #describe(
    session: MysqlSession,
    database: DatabaseRow,
    { rows, wanted }: { readonly rows: readonly TableRow[]; readonly wanted: readonly TableRow[] },
  ): Promise<Table[]> {
    const all = await this.#readAll(session, database, rows);
    const hidden = await tablesWithHiddenColumns(session, database, { wanted, all });
    return wanted.map((row) => {
      const table = describeTable(row, all, this.#server.capabilities);
      return hidden.has(row.table) ? { ...table, readable: false } : table;
    });
  }

  async #readAll(
    session: MysqlSession,
    database: DatabaseRow,
    tables: readonly TableRow[],
  ): Promise<DatabaseRows> {
    const { capabilities } = this.#server;
    const values = [database.name];
    const checks = checksQuery(capabilities);
    const columns = await session.query<ColumnRow>(columnsQuery, values);
    const indexParts = await session.query<IndexPartRow>(indexPartsQuery(capabilities), values);
    const foreignKeyColumns = await session.query<ForeignKeyColumnRow>(foreignKeyColumnsQuery, values);
    const enumColumns = columns
      .filter((column) => column.data_type === 'enum')
      .map((column) => ({ table: column.table, column: column.name }));
    const tableNames = tables.map(tableOf);
    return {
      database,
      columns: grouped(columns, tableOf),
      indexParts: grouped(indexParts, tableOf),
      foreignKeyColumns: grouped(foreignKeyColumns, tableOf),
      checks: grouped(checks === undefined ? [] : await session.query<CheckRow>(checks, values), tableOf),
      enumNames: enumNames(enumColumns, tableNames),
    };
  }
}

function tableOf({ table }: { readonly table: string }): string {
  return table;
}

/**
 * Tables of which the user may read some columns and not others: `information_schema` leaves the others out, and a copy
 * would lose them in silence.
 */
async function tablesWithHiddenColumns(
  session: MysqlSession,
  database: DatabaseRow,
  { wanted, all }: { readonly wanted: readonly TableRow[]; readonly all: DatabaseRows },
): Promise<ReadonlySet<string>> {
  const granted = await session.query<{ table: string }>(partlyGrantedQuery, [database.name]);
  const partly = new Set(granted.map(tableOf));
  const hidden = new Set<string>();
  for (const { table } of wanted) {
    const columns = all.columns.get(table) ?? [];
    const gap = columns.some(({ position }, index) => Number(position) !== index + 1);
    const suspicious = gap || partly.has(table);
    if (suspicious && !(await mayReadAll(session, database.name, table))) hidden.add(table);
  }
  return hidden;
}

/** ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR */
const denials: ReadonlySet<number | undefined> = new Set([1142, 1143]);

async function mayReadAll(session: MysqlSession, database: string, table: string): Promise<boolean> {
  try {
    await session.query(`SELECT * FROM ${quoteIdentifier(database)}.${quoteIdentifier(table)} LIMIT 0`);
    return true;
  } catch (thrown) {
    if (denials.has(serverErrorNumber(thrown))) return false;
    throw thrown;
  }
}
