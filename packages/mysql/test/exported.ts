import { buffer } from 'node:stream/consumers';
import type {
  CopyFormat,
  Database,
  ExportRequest,
  SnapshotOptions,
  SnapshotSource,
  Table,
} from '@tsmolt/core';

export const never = new AbortController().signal;

export const snapshotOptions: SnapshotOptions = {
  tables: [],
  wantCursor: false,
  maxConnections: 2,
  unrepresentable: 'reject',
  protection: { durationMs: 3_600_000, refreshMs: 600_000 },
};

/** To be held by `await using`: one that stayed open would keep DROP waiting. */
export async function openSnapshot(
  database: Database,
  options: Partial<SnapshotOptions> = {},
): Promise<SnapshotSource & AsyncDisposable> {
  const snapshot = await database.openSnapshot?.({ ...snapshotOptions, ...options });
  if (snapshot === undefined) throw new Error('the adapter has no snapshots');
  return Object.assign(snapshot, { [Symbol.asyncDispose]: () => snapshot.close('failed') });
}

export interface Wanted extends Partial<Pick<ExportRequest, 'columns' | 'filter'>> {
  readonly condition?: string;
  readonly format?: CopyFormat;
}

export interface Exported {
  readonly data: Buffer;
  readonly rows: number;
  readonly substitutions: ReadonlyMap<string, number> | undefined;
}

/** The bytes of a range, of all columns that can be written. */
export async function exported(
  snapshot: SnapshotSource,
  table: Table,
  { condition = 'true', format = 'csv', ...wanted }: Wanted = {},
): Promise<Exported> {
  const columns = table.columns.filter(({ generated }) => !generated).map(({ name }) => name);
  const request = { table, columns, range: { condition }, format, signal: never, ...wanted };
  const running = await snapshot.export(request);
  const data = await buffer(running.stream);
  return { data, rows: running.rows(), substitutions: running.substitutions?.() };
}
