import type { ChangeOptions, ChangeSource, TableName } from '@tsmolt/core';
import { afterEach, beforeEach } from 'vitest';
import type { ChangeDialect, StreamOptions } from './change-dialect.js';
import { exportedRows } from './change-streams.js';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';
import type { ContractClient } from './contract-dialect.js';

/** What the tests of changes share. */
export interface ChangeFixture extends ContractFixture {
  readonly changes: ChangeDialect;
  readonly options: () => StreamOptions;
  /** A client of its own in the test's schema; it is ended with the test. */
  readonly client: () => Promise<ContractClient>;
  /** Opens a stream of the named tables; it is closed with the test. */
  readonly stream: (tables: readonly string[], options?: Partial<ChangeOptions>) => Promise<ChangeSource>;
}

/** Registers the hooks that open database and streams, and end them. */
export function useStreams(open: OpenContractDatabase, dialect: ChangeDialect): ChangeFixture {
  let url = '';
  const remembered: OpenContractDatabase = async () => {
    const contract = await open();
    url = contract.url;
    return contract;
  };
  const base = useContractDatabase(remembered, dialect.sql.dialect);
  const clients: ContractClient[] = [];
  const sources: ChangeSource[] = [];
  let options: StreamOptions = {};
  const client = async (): Promise<ContractClient> => {
    const opened = await dialect.sql.dialect.connect(url);
    clients.push(opened);
    await dialect.enter(opened, base.schema());
    return opened;
  };
  beforeEach(async () => {
    options = await dialect.prepare(await client());
  });
  afterEach(async () => {
    for (const source of sources.splice(0)) await source.close();
    await dialect.remove(await client(), options);
    for (const opened of clients.splice(0)) await opened.end();
  });
  const stream: ChangeFixture['stream'] = async (tables, overrides = {}) => {
    const source = await offered(base.database().openChanges)({
      tables: tables.map((table): TableName => ({ schema: base.schema(), table })),
      bufferBytes: 4 * 1024 * 1024,
      unrepresentable: 'reject',
      acknowledgeEveryMs: 100,
      fetchMetadata: true,
      ...options,
      ...overrides,
    });
    sources.push(source);
    return source;
  };
  return { ...base, changes: dialect, options: () => options, client, stream };
}

/** The table `t` that most tests write to. */
export const smallTable = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(20), n int)';

/** The rows of a table on the source, in the form of `StrictReplica.rows`. */
export async function rowsOnSource(fixture: ChangeFixture, name: string): Promise<string[]> {
  const table = await fixture.table(name);
  const snapshot = await offered(fixture.database().openSnapshot)({
    tables: [table],
    wantCursor: false,
    maxConnections: 2,
    unrepresentable: 'reject',
    protection: { durationMs: 3_600_000, refreshMs: 600_000 },
  });
  try {
    return await exportedRows(snapshot, table);
  } finally {
    await snapshot.close('complete');
  }
}
