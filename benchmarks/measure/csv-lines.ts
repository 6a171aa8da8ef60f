import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';

const newline = 0x0a;

/** Lines of all gzip files of CSV below a folder: rows, where no value holds a line feed. */
export async function linesOfCsv(folder: string): Promise<number> {
  let lines = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.csv.gz')) continue;
    const stream = createReadStream(join(entry.parentPath, entry.name)).pipe(createGunzip());
    for await (const chunk of stream as AsyncIterable<Buffer>) lines += linesIn(chunk);
  }
  return lines;
}

function linesIn(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
