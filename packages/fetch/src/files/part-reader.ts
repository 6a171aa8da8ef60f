import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TsmoltError } from '@tsmolt/core';
import type { FileRecord, ObjectStore } from '@tsmolt/core';
import { isCompressed } from './part-names.js';

/**
 * The CSV of a file.
 *
 * The stream fails at its end, before the last bytes, when the file is not the one that was written: a load of it is then
 * rolled back.
 * @throws TsmoltError `TSM6002` when the file is gone
 */
export async function readPart(
  store: ObjectStore,
  file: Pick<FileRecord, 'name' | 'sha256'>,
  signal: AbortSignal,
): Promise<Readable> {
  const stored = await store.get(file.name, signal);
  const checked = file.sha256 === undefined ? stored : verified(stored, file.name, file.sha256);
  if (!isCompressed(file.name)) return checked;
  // The error reaches whoever reads the result; the callback is only there because pipeline wants one.
  return pipeline(checked, createGunzip(), () => undefined);
}

function verified(stream: Readable, name: string, sha256: string): Readable {
  const check = async function* (): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest('hex') !== sha256) throw damaged(name);
  };
  return Readable.from(check(), { objectMode: false, highWaterMark: 256 * 1024 });
}

function damaged(name: string): TsmoltError {
  return new TsmoltError('TSM6002', {
    message: `${name} is not the file that was written: its checksum differs`,
    advice:
      'Look who else writes to this path; start again with --table-handling truncate-if-exists and a path of its own.',
  });
}
