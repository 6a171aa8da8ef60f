import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** Rows in the files of a mydumper: each stands on a line of its own that begins with a parenthesis. */
export async function rowsOf(folder: string): Promise<number> {
  let rows = 0;
  for (const name of await readdir(folder)) {
    if (!/^bench\.orders.*\.sql\.gz$/.test(name) || name.includes('-schema')) continue;
    const lines = createInterface({ input: createReadStream(join(folder, name)).pipe(createGunzip()) });
    for await (const line of lines) if (/^,?\(/.test(line)) rows += 1;
  }
  return rows;
}
