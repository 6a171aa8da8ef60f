import { TsmoltError } from '@tsmolt/core';
import { fetchDirectly } from './direct/fetch-directly.js';
import { fetchThroughFiles } from './files/fetch-through-files.js';
import type { FetchOptions } from './options.js';
import type { FetchReport } from './report.js';

/**
 * Copies the tables of one database into another, from one consistent snapshot, and accounts for every row.
 *
 * @returns what was moved; both sides counted the same rows in every shard, and where checksums were asked for they are
 *   equal
 * @throws TsmoltError; through files, the fetch can be continued by its id; what a direct copy has loaded until then stays
 *   on the target, and `truncate-if-exists` starts again cleanly
 */
export function fetch(options: FetchOptions): Promise<FetchReport> {
  if (options.route.kind === 'files') return fetchThroughFiles(options, options.route);
  if (options.mode !== 'data-load') throw needsFiles(`--mode ${options.mode}`);
  if (options.continuation !== undefined) throw needsFiles('continuing a fetch');
  return fetchDirectly(options);
}

function needsFiles(what: string): TsmoltError {
  return new TsmoltError('TSM1001', {
    message: `${what} needs intermediate files, and --direct-copy has none`,
    advice: 'Use --bucket-path or --local-path instead of --direct-copy.',
  });
}
