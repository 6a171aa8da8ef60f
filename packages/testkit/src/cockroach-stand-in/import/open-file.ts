import type { Readable } from 'node:stream';
import { Readable as ReadableStream } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Gunzip } from 'node:zlib';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ImportOptions } from './import-options.js';

export interface OpenedFile {
  readonly stream: Readable;
  /** Bytes as stored; undefined where the server did not say. */
  readonly size: number | undefined;
}

type Opener = (url: URL, signal: AbortSignal) => Promise<OpenedFile>;

const openers: Readonly<Record<string, Opener>> = {
  'http:': openHttp,
  'https:': openHttp,
  's3:': openS3,
  'gs:': openGcs,
  'azure-blob:': openAzure,
  'azure:': openAzure,
};

/** Whether a URL has a scheme that the stand-in can read from. */
export function isReadable(url: string): boolean {
  return URL.canParse(url) && Object.hasOwn(openers, new URL(url).protocol);
}

/** Opens one file of an IMPORT. The stream gives its bytes as stored: `decompressed` makes CSV of them. */
export async function openFile(text: string, signal: AbortSignal): Promise<OpenedFile> {
  const url = new URL(text);
  const open = openers[url.protocol];
  if (open === undefined) throw new Error(`unsupported storage scheme: "${url.protocol.slice(0, -1)}"`);
  return open(url, signal);
}

/** The stream that unpacks the file, where its name or the option says that it is packed. */
export function unpacking(
  url: string,
  { decompress }: Pick<ImportOptions, 'decompress'>,
): Gunzip | undefined {
  const packed = decompress === 'gzip' || (decompress === 'auto' && new URL(url).pathname.endsWith('.gz'));
  return packed ? createGunzip() : undefined;
}

async function openHttp(url: URL, signal: AbortSignal): Promise<OpenedFile> {
  return fetched(url.href, await fetch(url, { signal }));
}

/** The emulator's address is where Google's own libraries look for it. */
async function openGcs(url: URL, signal: AbortSignal): Promise<OpenedFile> {
  const emulator = process.env['STORAGE_EMULATOR_HOST'];
  if (emulator === undefined) throw new Error('CockroachDB stand-in: gs:// needs STORAGE_EMULATOR_HOST');
  const base = emulator.includes('://') ? emulator : `http://${emulator}`;
  const object = encodeURIComponent(keyOf(url));
  const address = `${base}/storage/v1/b/${encodeURIComponent(url.host)}/o/${object}?alt=media`;
  return fetched(address, await fetch(address, { signal }));
}

function fetched(address: string, response: Response): OpenedFile {
  if (!response.ok || response.body === null)
    throw new Error(`error response from server: ${response.status} ${response.statusText} "${address}"`);
  const length = response.headers.get('content-length');
  return {
    stream: ReadableStream.fromWeb(response.body),
    size: length === null ? undefined : Number(length),
  };
}

async function openS3(url: URL, signal: AbortSignal): Promise<OpenedFile> {
  const parameter = (name: string): string => url.searchParams.get(name) ?? '';
  const endpoint = parameter('AWS_ENDPOINT');
  const client = new S3Client({
    region: parameter('AWS_REGION') || 'us-east-1',
    ...(endpoint === '' ? {} : { endpoint, forcePathStyle: true }),
    ...(parameter('AUTH') === 'implicit'
      ? {}
      : {
          credentials: {
            accessKeyId: parameter('AWS_ACCESS_KEY_ID'),
            secretAccessKey: parameter('AWS_SECRET_ACCESS_KEY'),
            ...(parameter('AWS_SESSION_TOKEN') === ''
              ? {}
              : { sessionToken: parameter('AWS_SESSION_TOKEN') }),
          },
        }),
  });
  const command = new GetObjectCommand({ Bucket: url.host, Key: keyOf(url) });
  const object = await client.send(command, { abortSignal: signal }).catch((thrown: unknown) => {
    throw new Error(
      `failed to get s3 object: ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown'}`,
    );
  });
  return { stream: object.Body as Readable, size: object.ContentLength };
}

/** `AZURE_ENDPOINT` is the whole URL of the account, for emulators. CockroachDB has nothing like it. */
async function openAzure(url: URL, signal: AbortSignal): Promise<OpenedFile> {
  const account = url.searchParams.get('AZURE_ACCOUNT_NAME') ?? '';
  const credential = new StorageSharedKeyCredential(account, url.searchParams.get('AZURE_ACCOUNT_KEY') ?? '');
  const endpoint = process.env['AZURE_ENDPOINT'] ?? `https://${account}.blob.core.windows.net`;
  const blob = new BlobServiceClient(endpoint, credential)
    .getContainerClient(url.host)
    .getBlobClient(keyOf(url));
  const answer = await blob.download(0, undefined, { abortSignal: signal });
  return { stream: answer.readableStreamBody as Readable, size: answer.contentLength };
}

function keyOf(url: URL): string {
  return decodeURIComponent(url.pathname.replace(/^\//, ''));
}
