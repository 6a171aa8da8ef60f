import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TsmoltError } from '@tsmolt/core';
import type { TablePlan } from '@tsmolt/core';
import type { FetchOptions } from '../options.js';
import { replicationScript } from './replication-script.js';

/**
 * Where rules rename tables, writes the userscript that makes replication follow them into the working directory:
 * `partitionTableScript.{timestamp}.ts`, as the reference does.
 *
 * @throws TsmoltError `TSM4006` when it cannot be written
 */
export async function writeReplicationScript(
  options: FetchOptions,
  plans: readonly TablePlan[],
): Promise<void> {
  const renames = plans
    .filter(({ source, target }) => source.name.table !== target.table)
    .map(({ source, target }) => ({ source: source.name, target }));
  if (renames.length === 0) return;
  const timestamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  const path = resolve(`partitionTableScript.${timestamp}.ts`);
  try {
    await writeFile(path, replicationScript(renames, options.target.url.database));
  } catch (cause) {
    throw new TsmoltError('TSM4006', {
      message: `cannot write ${path}`,
      advice: 'Run in a directory that is writable: replication of renamed tables needs this script.',
      cause,
    });
  }
  options.logger.info({ file: path }, 'wrote the userscript that replication of the renamed tables needs');
}
