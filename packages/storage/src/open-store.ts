import { TsmoltError } from '@tsmolt/core';
import type { ObjectStore } from '@tsmolt/core';
import { parseBucketPath } from './bucket-path.js';
import type { BucketPath } from './bucket-path.js';

/** Where the intermediate files go, in the words of the command line. */
export interface StoreOptions {
  /** `--bucket-path`: `s3://bucket/path`, `gs://bucket/path` or `azure-blob://container/path`. */
  readonly bucketPath?: string | undefined;
  /** `--local-path` */
  readonly localPath?: string | undefined;
  /** `--local-path-listen-addr` */
  readonly listenAddr?: string | undefined;
  /** `--local-path-crdb-access-addr` */
  readonly accessAddr?: string | undefined;
  /** `--assume-role` */
  readonly assumeRole?: string | undefined;
  /** `--import-region`: of S3 alone. */
  readonly importRegion?: string | undefined;
  /** `--use-implicit-auth` */
  readonly useImplicitAuth?: boolean | undefined;
  /** Attempts at one request before the store gives up with `TSM6003`; 5 without it. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds that a download may stand still before it fails with `TSM6003`, an upload ten times that; a minute without it. */
  readonly stallMs?: number | undefined;
}

/**
 * Opens the store that the options name. The SDK of a service is loaded only when the service is used.
 *
 * @throws TsmoltError `TSM1001` when the options contradict each other or name nothing
 * @throws TsmoltError `TSM6001` when there are no credentials for the service
 */
export async function openStore(options: StoreOptions): Promise<ObjectStore> {
  const { bucketPath, localPath } = options;
  if (bucketPath !== undefined && localPath !== undefined) {
    throw invalid(
      '--bucket-path and --local-path exclude each other',
      'Keep the one that names the place of the intermediate files.',
    );
  }
  if (bucketPath !== undefined) return openBucket(parseBucketPath(bucketPath), options);
  if (localPath !== undefined) return openLocal(localPath, options);
  throw invalid(
    'nothing says where the intermediate files go',
    'Add --bucket-path, or --local-path with --local-path-listen-addr.',
  );
}

async function openLocal(localPath: string, options: StoreOptions): Promise<ObjectStore> {
  const { listenAddr, accessAddr } = options;
  refuseCloudOptions(options);
  if (localPath === '') throw invalid('--local-path is empty', 'Name a directory.');
  if (listenAddr === undefined && accessAddr !== undefined) {
    throw invalid(
      '--local-path-crdb-access-addr stands without --local-path-listen-addr',
      'Add --local-path-listen-addr, the address of this machine to listen on.',
    );
  }
  if (listenAddr === undefined) {
    const { LocalDirectory } = await import('./local-directory.js');
    return new LocalDirectory(localPath);
  }
  const { LocalFileServer } = await import('./local-file-server.js');
  return LocalFileServer.listen({ directory: localPath, listenAddr, accessAddr });
}

async function openBucket(path: BucketPath, options: StoreOptions): Promise<ObjectStore> {
  const { assumeRole, importRegion: region, useImplicitAuth: implicit = false } = options;
  const patience = { maxAttempts: options.maxAttempts ?? 5, stallMs: options.stallMs ?? 60_000 };
  checkBucketOptions(path, options);
  switch (path.scheme) {
    case 's3': {
      // On Node.js 20 the SDK would tell every user of this program that it wants a later one some day.
      process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
      const { S3Store } = await import('./s3/s3-store.js');
      return S3Store.open(path, { region, implicit, assumeRole, ...patience });
    }
    case 'gs': {
      const { GcsStore } = await import('./gcs/gcs-store.js');
      return GcsStore.open(path, { implicit, assumeRole, ...patience });
    }
    case 'azure-blob': {
      const { AzureBlobStore } = await import('./azure/azure-blob-store.js');
      return new AzureBlobStore(path, { implicit, ...patience });
    }
  }
}

function checkBucketOptions({ scheme }: BucketPath, options: StoreOptions): void {
  if (options.listenAddr !== undefined || options.accessAddr !== undefined) {
    throw invalid(
      '--local-path-listen-addr and --local-path-crdb-access-addr are of no use with --bucket-path',
      'Leave them out: the cluster reads from the bucket itself.',
    );
  }
  if (options.assumeRole === '') throw invalid('--assume-role is empty', 'Name the role to assume.');
  if (options.assumeRole !== undefined && options.useImplicitAuth !== true) {
    throw invalid('--assume-role stands without --use-implicit-auth', 'Add --use-implicit-auth.');
  }
  if (options.assumeRole !== undefined && scheme === 'azure-blob') {
    throw invalid(
      '--assume-role is not for Azure, which knows no roles to assume',
      'Leave it out, or use s3:// or gs://.',
    );
  }
  if (options.importRegion !== undefined && scheme !== 's3') {
    throw invalid('--import-region is for Amazon S3 alone', 'Leave it out.');
  }
}

function refuseCloudOptions({ assumeRole, importRegion, useImplicitAuth }: StoreOptions): void {
  if (assumeRole === undefined && importRegion === undefined && useImplicitAuth !== true) return;
  throw invalid(
    '--assume-role, --import-region and --use-implicit-auth are of no use with --local-path',
    'Leave them out, or use --bucket-path.',
  );
}

function invalid(message: string, advice: string): TsmoltError {
  return new TsmoltError('TSM1001', { message, advice });
}
