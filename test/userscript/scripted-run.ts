import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { slotPair } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { catchUp } from '../support/replicator.js';
import type { Stream } from '../support/replicator.js';
import type { Finished } from '../support/tsmolt.js';

/** How scripts begin. In parts, because what stands after `from` here is no import of the tests'. */
export const importApi = `import * as api from ${JSON.stringify('replicator@v2')};`;

/** A script that is there for the length of this test, and can be mended. */
export interface ScriptFile {
  readonly path: string;
  readonly become: (text: string) => Promise<void>;
}

export async function scriptFile(text: string): Promise<ScriptFile> {
  const folder = await mkdtemp(join(tmpdir(), 'userscript-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'script.ts');
  const become = (next: string): Promise<void> => writeFile(path, `${importApi}\n${next}`);
  await become(text);
  return { path, become };
}

/** Two databases of PostgreSQL with a stream between them, for the length of this test. */
export async function pairForTest(): Promise<SlotPair> {
  const pair = await slotPair();
  onTestFinished(() => pair.drop());
  return pair;
}

/** The schema as scripts name it. */
export function schemaOf({ target }: Stream): string {
  return `${new URL(target).pathname.slice(1)}.public`;
}

/** Replicates through a script all that the source has committed. Fails where the command does. */
export async function run(stream: Stream, script: ScriptFile, ...args: readonly string[]): Promise<Finished> {
  const done = await catchUp(stream, '--userscript', script.path, ...args);
  expect(done.exitCode, done.stdout + done.stderr).toBe(0);
  return done;
}

/** As `run`, where the command has to fail. */
export async function runToFailure(
  stream: Stream,
  script: ScriptFile,
  ...args: readonly string[]
): Promise<Finished> {
  const done = await catchUp(stream, '--userscript', script.path, ...args);
  expect(done.exitCode, done.stdout + done.stderr).toBe(1);
  return done;
}

/** Both handlers of the target's schema. */
export function schemaHandlers(stream: Stream, upsert: string, remove = 'return row;'): string {
  return `api.configureTargetSchema('${schemaOf(stream)}', {
  onRowUpsert(row, { table }) { ${upsert} },
  onRowDelete(row, { table }) { ${remove} },
});`;
}
