import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { ExportedFile, ObjectStore } from '@tsmolt/core';
import type { Compression } from '../options.js';
import { CsvCutter } from './csv-cutter.js';
import type { CutLimits } from './csv-cutter.js';
import { partName } from './part-names.js';

/** What the stages of one file hold: blocks before and after compression, zlib's window and hash chains. */
export const compressionBufferBytes = 2 * 1024 * 1024;

const streamBuffer = 256 * 1024;

export interface PartOptions {
  readonly store: ObjectStore;
  /** Folder of the table's files. */
  readonly folder: string;
  readonly shard: number;
  readonly range: number;
  /** The first part's number. */
  readonly firstPart: number;
  readonly compression: Compression;
  readonly limits: CutLimits;
  readonly signal: AbortSignal;
  /** Called with the uncompressed bytes of each chunk. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Writes a stream of CSV as files, each of whole rows. No rows make no file.
 *
 * @returns the files in order, with their rows as counted on the way
 */
export async function writeParts(stream: Readable, options: PartOptions): Promise<ExportedFile[]> {
  const cutter = new CsvCutter(stream, options.limits);
  const files: ExportedFile[] = [];
  try {
    while (await cutter.hasMore()) files.push(await writePart(cutter, options, files.length));
    return files;
  } catch (thrown) {
    stream.destroy();
    throw thrown;
  }
}

async function writePart(cutter: CsvCutter, options: PartOptions, index: number): Promise<ExportedFile> {
  const { store, folder, shard, range, compression, signal } = options;
  const part = options.firstPart + index;
  const name = partName({ folder, shard, part, compression });
  const hash = createHash('sha256');
  const rows = asStream(cutter.part(), options.onBytes);
  const stored = asStream(compression === 'gzip' ? compressed(rows) : rows, (_bytes, chunk) => {
    hash.update(chunk);
  });
  const bytes = await store.put(name, stored, signal);
  return { shard, part, range, name, rows: cutter.rows, bytes, sha256: hash.digest('hex') };
}

/** The fastest level: the files live for hours, and what compresses well does so at once. */
function compressed(stream: Readable): Readable {
  // The error reaches whoever reads the result; the callback is only there because pipeline wants one.
  return pipeline(
    stream,
    createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 256 * 1024 }),
    () => undefined,
  );
}

/** The same chunks as a stream, each shown on its way. */
function asStream(chunks: AsyncIterable<Buffer>, onChunk: (bytes: number, chunk: Buffer) => void): Readable {
  const shown = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      onChunk(chunk.length, chunk);
      yield chunk;
    }
  };
  return Readable.from(shown(), { objectMode: false, highWaterMark: streamBuffer });
}
