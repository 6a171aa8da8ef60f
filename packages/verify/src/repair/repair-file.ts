import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { displayName, TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, Table } from '@tsmolt/core';
import type { Comparison } from '../plan-comparison.js';
import type { VerifyOptions } from '../options.js';
import type { Unrepairable } from '../report.js';
import type { RepairEntry, RepairPart, RepairSpool } from './repair-spool.js';

/** Statements that one transaction holds. */
export const statementsPerTransaction = 100;

/** Creates the file. @throws TsmoltError `TSM4006` when it exists: what somebody may have reviewed is not written over */
export async function createRepairFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new TsmoltError('TSM4006', {
      message: exists ? `${path} exists already` : `cannot write ${path}`,
      advice: exists
        ? 'Name another file with --repair-file, or remove this one.'
        : 'Name a file in a directory that exists and is writable with --repair-file.',
      cause,
    });
  }
}

export interface RepairFileContent {
  readonly options: Pick<VerifyOptions, 'source' | 'target'>;
  readonly settings: readonly string[];
  readonly comparisons: readonly Comparison[];
  readonly spool: RepairSpool;
  readonly order: readonly RepairPart[];
  readonly unrepairable: readonly Unrepairable[];
}

/** Writes all statements, in small transactions, with what a reader has to know. */
export async function writeRepairFile(file: FileHandle, content: RepairFileContent): Promise<void> {
  await file.write(header(content));
  for (const part of content.order) {
    const comparison = content.comparisons[part.table];
    if (comparison === undefined) continue;
    const target = comparison.pair.target;
    const total = content.spool.count(part);
    if (total > 0)
      await file.write(`\n${comment(`${displayName(target.name)}: ${part.kind} of ${total} rows`)}`);
    if (total > 0 && part.kind === 'insert') await file.write(selfReference(target));
    for await (const group of content.spool.groups(part, statementsPerTransaction)) {
      await file.write(transaction(comparison, part, group));
    }
  }
  await file.sync();
}

function header({ options, settings, unrepairable }: RepairFileContent): string {
  const lines = [
    `Written by tsmolt verify at ${new Date().toISOString()}: makes the rows of`,
    `  ${options.target.product}, ${place(options.target.url)}`,
    'those of',
    `  ${options.source.product}, ${place(options.source.url)}`,
    'A statement changes a row only where the row still is what it was when it was compared. The file may be run again.',
    `Run it with: psql --no-psqlrc --set=ON_ERROR_STOP=1 --file=...`,
  ];
  const left = unrepairable.map(
    ({ table, rows, reason }) => `NOT REPAIRED: ${displayName(table)}: ${rows} rows: ${reason}`,
  );
  return [...lines, ...left].map(comment).join('') + settings.map((setting) => `${setting};\n`).join('');
}

function place({ host, port, database }: ConnectionUrl): string {
  return `database ${database} at ${host}${port === 0 ? '' : `:${port}`}`;
}

function selfReference(table: Table): string {
  const own = displayName(table.name);
  if (!table.foreignKeys.some((key) => displayName(key.target) === own)) return '';
  return comment(
    'Rows of this table refer to one another: where one is refused because its parent comes later, run the file again.',
  );
}

function transaction(
  { target, identityNames }: Comparison,
  part: RepairPart,
  group: readonly RepairEntry[],
): string {
  const table = displayName(target.pair.target.name);
  const statements = group.map(({ key, statement }) => {
    const named = Object.fromEntries(identityNames.map((name, index) => [name, key[index] ?? null]));
    return `${comment(`${part.kind} ${table} ${JSON.stringify(named)}`)}${statement};\n`;
  });
  return `BEGIN;\n${statements.join('')}COMMIT;\n`;
}

/** A name or a value with a line break in it must not end the comment. */
function comment(text: string): string {
  return `-- ${text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?')}\n`;
}
