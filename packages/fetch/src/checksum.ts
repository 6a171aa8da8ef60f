import { displayName, sameCanonicalText, TsmoltError } from '@tsmolt/core';
import type { HashColumn, RowHasher, SnapshotSource, TableName, TablePair } from '@tsmolt/core';
import type { FetchOptions } from './options.js';
import type { ChecksumReport } from './report.js';

/**
 * Refuses to hash where several source tables go into one: the target's hash would be that of all their rows.
 *
 * @param targets where the rows of each source table go
 * @throws TsmoltError `TSM1001`
 */
export function assertChecksumsTell(options: FetchOptions, targets: readonly TableName[]): void {
  if (!options.checksum) return;
  const names = targets.map(displayName);
  const shared = names.find((name, index) => names.indexOf(name) !== index);
  if (shared === undefined) return;
  throw new TsmoltError('TSM1001', {
    message: `several tables go into ${shared}, and --checksum cannot tell whose rows it holds`,
    advice: 'Leave out --checksum: the rows of each table are counted on both servers all the same.',
  });
}

/**
 * Hashes all rows of a table on both servers at once: on the source inside the snapshot, so that later writes there do
 * not matter.
 */
export async function checksumTable(
  options: FetchOptions,
  snapshot: SnapshotSource,
  pair: TablePair,
  signal: AbortSignal,
): Promise<ChecksumReport> {
  const target = targetHasher(options);
  const algorithm = snapshot.rowHasher.algorithms.find((candidate) => target.algorithms.includes(candidate));
  if (algorithm === undefined) throw noCommonHash(options);
  const { hashed, left } = divideColumns(pair, snapshot.rowHasher, target);
  const [source, loaded] = await Promise.all([
    snapshot.rowHasher.hashRows({
      table: pair.source,
      columns: hashed.map((column) => column.source),
      algorithm,
      ...(pair.filter === undefined ? {} : { condition: pair.filter }),
      signal,
    }),
    target.hashRows({
      table: pair.target,
      columns: hashed.map((column) => column.target),
      algorithm,
      signal,
    }),
  ]);
  return {
    source: source.digest,
    target: loaded.digest,
    sourceRows: source.rows,
    targetRows: loaded.rows,
    equal: source.rows === loaded.rows && source.digest === loaded.digest,
    columnsNotHashed: left,
  };
}

interface HashedPair {
  readonly source: HashColumn;
  readonly target: HashColumn;
}

/** Both sides hash the text of the source's type; a column whose text would differ by itself is left out, and named. */
function divideColumns(
  pair: TablePair,
  source: RowHasher,
  target: RowHasher,
): { readonly hashed: HashedPair[]; readonly left: string[] } {
  const hashed: HashedPair[] = [];
  const left: string[] = [];
  for (const column of pair.columns) {
    const type = column.source.type;
    const sameText =
      sameCanonicalText(type, column.target.type) && source.canHash(type) && target.canHash(type);
    if (!sameText) left.push(column.source.name);
    else
      hashed.push({ source: { name: column.source.name, type }, target: { name: column.target.name, type } });
  }
  return { hashed, left };
}

function targetHasher(options: FetchOptions): RowHasher {
  if (options.target.rowHasher !== undefined) return options.target.rowHasher;
  throw noCommonHash(options);
}

function noCommonHash(options: FetchOptions): TsmoltError {
  return new TsmoltError('TSM2008', {
    message: `${options.source.product} and ${options.target.product} share no row hash`,
    advice: 'Leave out --checksum; the row counts of both servers are compared all the same.',
  });
}
