import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Finds a program of the wanted version in the given folders and then in `PATH`.
 * @param version matches what `<program> --version` prints
 * @returns its path, or `undefined`
 */
export async function installedProgram(
  name: string,
  folders: readonly string[],
  version: RegExp,
): Promise<string | undefined> {
  const path = process.env['PATH'] ?? '';
  for (const folder of [...folders, ...path.split(delimiter)]) {
    const program = join(folder, name);
    if (version.test(await versionOf(program))) return program;
  }
  return undefined;
}

async function versionOf(program: string): Promise<string> {
  try {
    return (await run(program, ['--version'])).stdout;
  } catch {
    return '';
  }
}
