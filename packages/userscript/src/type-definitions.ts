import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TsmoltError } from '@tsmolt/core';

const folder = new URL('../definitions/', import.meta.url);
const files = [
  { from: 'replicator-v2.d.ts', to: 'replicator@v2.d.ts' },
  { from: 'editor-settings.json', to: 'tsconfig.json' },
] as const;

/**
 * Writes what an editor needs to know about userscripts beside them: the types of `replicator@v2`, and a `tsconfig.json`
 * where there is none.
 *
 * @returns the paths written
 * @throws TsmoltError `TSM4006` when the directory cannot be written to
 */
export async function writeTypeDefinitions(directory: string): Promise<readonly string[]> {
  const written: string[] = [];
  try {
    await mkdir(directory, { recursive: true });
    for (const { from, to } of files) {
      const path = join(directory, to);
      // A tsconfig.json that is there says what its owner wants.
      if (to === 'tsconfig.json' && (await exists(path))) continue;
      await copyFile(new URL(from, folder), path);
      written.push(path);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TsmoltError('TSM4006', {
      message: `the type definitions cannot be written to ${directory}: ${reason}`,
      advice: 'Give a directory that you may write to.',
      cause: error,
    });
  }
  return written;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
