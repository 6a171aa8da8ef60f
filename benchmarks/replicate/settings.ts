import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const postgresColumns =
  'id bigint PRIMARY KEY, customer int NOT NULL, total numeric(12,2), note text, at timestamp, ok smallint, code text';

/** Values of one row from its number `n`, for PostgreSQL. */
export const postgresValues = `n, n % 100000, n % 1000 / 7.0, 'note number ' || n, timestamp '2026-01-01' + n * interval '1 second', n % 3, 'c' || n % 5000`;

/**
 * Memory enough for the table, as a server of some size has: disks are not what is measured. A vacuum would begin in the middle
 * of some rounds, and not of others.
 */
export const settings = {
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  wal_level: 'logical',
  autovacuum: 'off',
};

export const replicationFlags =
  '--targetSchema bench.public --stagingSchema bench._replicator --stagingCreateSchema --flushPeriod 10ms';

/** Sees every row, and leaves it alone. In parts, because what stands after `from` is no import of ours. */
const passThrough = `import * as api from ${JSON.stringify('replicator@v2')};
api.configureTargetSchema('bench.public', { onRowUpsert: (row) => row, onRowDelete: (row) => row });
`;

/** Writes that script beside the results. @returns its path */
export async function passThroughScript(): Promise<string> {
  const path = results('pass-through.js');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, passThrough);
  return path;
}

export function results(file: string): string {
  return fileURLToPath(new URL(`../../replicate/results/${file}`, import.meta.url));
}
