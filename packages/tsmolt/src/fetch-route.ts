import { TsmoltError } from '@tsmolt/core';
import type { Route } from '@tsmolt/fetch';
import type { FetchRequest } from './fetch-request.js';

/** A file ends with the row that reaches this many bytes: large enough for IMPORT INTO, small enough to be sent again. */
const defaultFlushBytes = 256 * 1024 * 1024;

/** MOLT's default: files in one IMPORT INTO. */
const defaultImportBatchSize = 1000;

/**
 * How rows are to travel.
 *
 * @throws TsmoltError `TSM1001` where the request does not say, or says two things
 */
export async function openRoute(request: FetchRequest): Promise<Route> {
  refuseContradictions(request);
  if (request.directCopy === true) return { kind: 'direct' };
  const { openStore } = await import('@tsmolt/storage');
  const store = await openStore({
    bucketPath: request.bucketPath,
    localPath: request.localPath,
    listenAddr: request.localPathListenAddr,
    accessAddr: request.localPathCrdbAccessAddr,
    assumeRole: request.assumeRole,
    importRegion: request.importRegion,
    useImplicitAuth: request.useImplicitAuth,
  });
  const load = request.useCopy === true ? 'copy' : 'import';
  return {
    kind: 'files',
    store,
    load,
    // As the reference: files for COPY are plain unless somebody wants otherwise.
    compression: request.compression ?? (load === 'copy' && request.mode !== 'export-only' ? 'none' : 'gzip'),
    flush: { rows: request.flushRows ?? Infinity, bytes: request.flushSize ?? defaultFlushBytes },
    importBatchSize: request.importBatchSize ?? defaultImportBatchSize,
    cleanup: request.cleanup ?? false,
  };
}

function refuseContradictions(request: FetchRequest): void {
  const files = request.bucketPath ?? request.localPath;
  if (request.directCopy === true && files !== undefined) {
    throw invalid(
      '--direct-copy excludes --bucket-path and --local-path',
      'Use --direct-copy for rows that go straight through, or a path for files in between.',
    );
  }
  if (request.directCopy !== true && files === undefined) {
    throw invalid(
      'nothing says how the rows are to travel',
      'Add --bucket-path or --local-path (through files), or --direct-copy (straight from server to server).',
    );
  }
  if (request.importRegion !== undefined && request.useCopy === true) {
    throw invalid(
      '--import-region is for IMPORT INTO and --use-copy does without it',
      'Leave out one of the two.',
    );
  }
}

function invalid(message: string, advice: string): TsmoltError {
  return new TsmoltError('TSM1001', { message, advice });
}
