import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { TsmoltError } from '@tsmolt/core';
import { Command } from 'commander';
import { writeError } from './write-error.js';

const recordedChange = `
A recorded change; "kind" is upsert (the whole row), update (some columns) or delete:
  {"table":{"schema":"public","table":"orders"},"kind":"upsert","key":{"id":"1"},"values":{"total":"9.50"}}
No database is asked: every table is believed to exist, and getTX().query finds nothing.

Exit codes: 0 done, 1 the script failed, 2 wrong use.`;

const examples = `
Examples:
  Type definitions and a tsconfig.json for an editor, beside the script:
    tsmolt userscript types ./scripts

  What a script would write for recorded changes, one JSON object a line:
    tsmolt userscript test ./scripts/filter.ts --events recorded.jsonl
${recordedChange}`;

/** @param exit takes the exit code when the command has run */
export function userscriptCommand(exit: (code: number) => void): Command {
  const test = new Command('test')
    .description('Run a script over recorded changes and print what it would write, one JSON object a line.')
    .argument('<script>', 'TypeScript file')
    .requiredOption('--events <file>', 'recorded changes, one JSON object a line; - for standard input')
    .action(async (script: string, flags: { readonly events: string }) => {
      exit(await print(script, flags.events));
    })
    .addHelpText('after', recordedChange);
  const types = new Command('types')
    .description('Write replicator@v2.d.ts and, where there is none, a tsconfig.json into a directory.')
    .argument('[directory]', 'where to write them', '.')
    .action(async (directory: string) => {
      exit(await writeTypes(directory));
    });
  return new Command('userscript')
    .description('Write and try out scripts for `tsmolt replicator --userscript`.')
    .addCommand(test)
    .addCommand(types)
    .addHelpText('after', examples);
}

async function print(script: string, events: string): Promise<number> {
  let lines: AsyncIterable<string>;
  try {
    lines = await linesOf(events);
  } catch (thrown) {
    writeError(thrown);
    return 2;
  }
  try {
    const { testScript } = await import('@tsmolt/userscript');
    for await (const step of testScript(script, lines, { eventsName: events })) {
      process.stdout.write(`${JSON.stringify(step)}\n`);
    }
    return 0;
  } catch (thrown) {
    writeError(thrown);
    return 1;
  }
}

async function linesOf(events: string): Promise<AsyncIterable<string>> {
  if (events === '-') return linesWhenAsked(() => createInterface({ input: process.stdin }));
  try {
    const file = await open(events);
    return linesWhenAsked(() => file.readLines());
  } catch (cause) {
    throw new TsmoltError('TSM1001', {
      message: `--events ${events} cannot be read`,
      advice: 'Name a file of recorded changes, or - for standard input.',
      cause,
    });
  }
}

/** What Node's reader reads before anybody asks for it is lost. */
async function* linesWhenAsked(read: () => AsyncIterable<string>): AsyncGenerator<string> {
  yield* read();
}

async function writeTypes(directory: string): Promise<number> {
  try {
    const { writeTypeDefinitions } = await import('@tsmolt/userscript');
    for (const path of await writeTypeDefinitions(directory)) process.stdout.write(`${path}\n`);
    return 0;
  } catch (thrown) {
    writeError(thrown);
    return 1;
  }
}
