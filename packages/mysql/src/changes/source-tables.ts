import { displayName, nameFilter, silentLogger, TablesWithoutKey, TsmoltError } from '@tsmolt/core';
import type { Key, Table, TableName } from '@tsmolt/core';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSessionPool } from '../connect/session-pool.js';
import { MysqlCatalog } from '../introspect/catalog.js';
import { databaseQuery } from '../introspect/queries.js';
import { quoteIdentifier } from '../sql.js';

/** A wanted table as the catalog shows it now. */
export interface SourceTable {
  readonly table: Table;
  /** Character sets by column. */
  readonly characterSets: ReadonlyMap<string, string>;
}

/** Where the catalog of the connection's database is read. */
export class SourceTables {
  readonly #pool: MysqlSessionPool;
  readonly #catalog: MysqlCatalog;
  readonly #names: readonly string[];
  #known: Promise<Map<string, SourceTable>> | undefined;

  /** @param names of the tables that are wanted */
  constructor(pool: MysqlSessionPool, server: MysqlServer, names: readonly string[]) {
    this.#pool = pool;
    this.#names = names;
    this.#catalog = new MysqlCatalog(pool, server, silentLogger());
  }

  /** The database's name as table maps have it, and whether names of tables are compared without regard to case. */
  naming(): Promise<{ readonly database: string; readonly foldsCase: boolean }> {
    return this.#pool.use('reading the name of the database', async (session) => {
      const [row] = await session.query<{ name: string }>(databaseQuery);
      const [mode] = await session.query<{ mode: number | string }>(
        'SELECT @@lower_case_table_names AS mode',
      );
      return { database: row?.name ?? '', foldsCase: Number(mode?.mode ?? 0) !== 0 };
    });
  }

  /** The wanted tables that there are, by name, as they were when it was last asked. */
  describe(): Promise<Map<string, SourceTable>> {
    this.#known ??= this.#read();
    return this.#known;
  }

  /** A table was altered: the catalog is to be read again. */
  forget(): void {
    this.#known = undefined;
  }

  async #read(): Promise<Map<string, SourceTable>> {
    const wanted = new Set(this.#names);
    const filter = { ...nameFilter({}), matchesTable: (name: string) => wanted.has(name) };
    const tables = await this.#catalog.tables(filter);
    const sets = await this.#characterSets();
    return new Map(
      tables.map((table) => [
        table.name.table,
        { table, characterSets: sets.get(table.name.table) ?? new Map<string, string>() },
      ]),
    );
  }

  #characterSets(): Promise<Map<string, Map<string, string>>> {
    return this.#pool.use('reading character sets', async (session) => {
      const rows = await session.query<{ table: string; name: string; charset: string }>(
        `SELECT table_name AS \`table\`, column_name AS name, character_set_name AS charset
         FROM information_schema.columns
         WHERE table_schema = database() AND character_set_name IS NOT NULL AND table_name IN (?)`,
        [['', ...this.#names]],
      );
      const sets = new Map<string, Map<string, string>>();
      for (const { table, name, charset } of rows) {
        const columns = sets.get(table) ?? new Map<string, string>();
        sets.set(table, columns.set(name, charset));
      }
      return sets;
    });
  }

  /** Whether there is a table of that name now, wanted or not, as far as the user can see. */
  exists(name: string): Promise<boolean> {
    return this.#pool.use('looking for a table', async (session) => {
      const rows = await session.query(
        `SELECT 1 FROM information_schema.tables WHERE table_schema = database() AND table_name = ?`,
        [name],
      );
      return rows.length > 0;
    });
  }

  /** Wanted tables that MariaDB keeps with their history. */
  systemVersioned(): Promise<string[]> {
    return this.#pool.use('reading the types of tables', async (session) => {
      const rows = await session.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = database() AND table_type = 'SYSTEM VERSIONED' AND table_name IN (?)`,
        [['', ...this.#names]],
      );
      return rows.map(({ name }) => name);
    });
  }

  /**
   * Tables of which a foreign key deletes or changes rows. From the statement that makes them: MariaDB shows the rules in
   * `information_schema` to owners only.
   */
  cascading(tables: readonly Table[]): Promise<string[]> {
    const children = tables.filter(({ foreignKeys }) => foreignKeys.length > 0);
    return this.#pool.use('reading foreign keys', async (session) => {
      const found: string[] = [];
      for (const { name } of children) {
        const [row] = await session.query<Record<string, string>>(
          `SHOW CREATE TABLE ${quoteIdentifier(name.table)}`,
        );
        const statement = Object.values(row ?? {})[1] ?? '';
        if (/^\s*CONSTRAINT .* ON (DELETE|UPDATE) (CASCADE|SET NULL|SET DEFAULT)/m.test(statement)) {
          found.push(displayName(name));
        }
      }
      return found;
    });
  }
}

/** The columns that identify a row: the primary key, or a unique one without NULL. */
export function identifyingKey(table: Table): Key | undefined {
  const needed = new Set(table.columns.filter(({ nullable }) => !nullable).map(({ name }) => name));
  return table.primaryKey ?? table.uniqueKeys.find((key) => key.columns.every((name) => needed.has(name)));
}

/** @throws TsmoltError `TSM3002` for a table that is not there, `TSM5003` for one without a key */
export function refuseUnidentified(
  names: readonly TableName[],
  found: ReadonlyMap<string, SourceTable>,
): void {
  const unidentified: TableName[] = [];
  for (const name of names) {
    const source = found.get(name.table);
    if (source === undefined) {
      throw new TsmoltError('TSM3002', {
        message: `${displayName(name)}: there is no such table on the source`,
        advice: 'Check --table-filter, and that nobody dropped or renamed the table.',
      });
    }
    if (identifyingKey(source.table) === undefined) unidentified.push(name);
  }
  if (unidentified.length === 0) return;
  const have = unidentified.length === 1 ? 'the table has' : 'these tables have';
  throw new TablesWithoutKey(unidentified, {
    message: `${unidentified.map(displayName).join(', ')}: ${have} neither a primary key nor a unique key without NULL, so changed rows cannot be found on the target`,
    advice:
      'Add a primary key on the source (ALTER TABLE ... ADD PRIMARY KEY), or leave them out with --table-exclusion-filter or --onMissingKey ignore.',
  });
}
