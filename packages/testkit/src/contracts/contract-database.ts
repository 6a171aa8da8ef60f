import { nameFilter } from '@tsmolt/core';
import type { Database, Table } from '@tsmolt/core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ContractClient, ContractDialect } from './contract-dialect.js';
import { postgresDialect } from './postgres-dialect.js';

/** An empty database behind the adapter under test, and the way around the adapter to look at it. */
export interface ContractDatabase {
  readonly database: Database;
  readonly url: string;
  /** Closes the adapter and removes the database. */
  readonly close: () => Promise<void>;
}

export type OpenContractDatabase = () => Promise<ContractDatabase>;

type Row = Record<string, unknown>;

/** What the tests of one contract share: a database, and for each test a schema of its own in it. */
export interface ContractFixture {
  readonly database: () => Database;
  readonly schema: () => string;
  readonly dialect: ContractDialect;
  /** Runs statements past the adapter, in the test's schema, and gives the rows of the last. */
  readonly sql: <Result extends Row = Row>(...statements: string[]) => Promise<Result[]>;
  /** The tables of the test's schema, as the adapter describes them. */
  readonly tables: () => Promise<Table[]>;
  /** One of them. @throws when there is none of that name */
  readonly table: (name: string) => Promise<Table>;
}

/**
 * Registers the hooks that open the database before the first test of the suite and remove it after the last.
 *
 * @param dialect how statements are written for this engine
 */
export function useContractDatabase(
  open: OpenContractDatabase,
  dialect: ContractDialect = postgresDialect,
): ContractFixture {
  let opened: { readonly contract: ContractDatabase; readonly client: ContractClient } | undefined;
  let schema = '';
  const current = (): NonNullable<typeof opened> => {
    if (opened === undefined) throw new Error('the database of the contract is not open yet');
    return opened;
  };
  beforeAll(async () => {
    const contract = await open();
    opened = { contract, client: await dialect.connect(contract.url) };
  });
  beforeEach(async () => {
    schema = await dialect.freshSchema(current().client);
  });
  afterAll(async () => {
    await opened?.client.end();
    await opened?.contract.close();
  });
  const tables = (): Promise<Table[]> =>
    current().contract.database.catalog.tables(nameFilter({ schema: `^${schema}$` }));
  return {
    database: () => current().contract.database,
    schema: () => schema,
    dialect,
    sql: async <Result extends Row>(...statements: string[]) => {
      let rows: Result[] = [];
      for (const statement of statements) rows = await current().client.query<Result>(statement);
      return rows;
    },
    tables,
    table: async (name) => named(await tables(), name),
  };
}

function named(tables: readonly Table[], name: string): Table {
  const found = tables.find((table) => table.name.table === name);
  if (found === undefined) throw new Error(`the catalog does not list ${name}`);
  return found;
}

/** A part that the adapter is under contract to have. */
export function offered<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('the adapter does not offer this part');
  return part;
}
