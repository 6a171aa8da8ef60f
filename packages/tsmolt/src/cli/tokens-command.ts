import { Command } from 'commander';
import Table from 'cli-table3';
import { displayName } from '@tsmolt/core';
import { withoutInnerLines } from '../console/frame.js';
import { listTokens } from '../tokens.js';
import { writeError } from './write-error.js';
import { positiveInteger } from './values.js';

const example = `
Example:
  tsmolt fetch tokens list --conn-string 'postgres://root@localhost:26257/defaultdb?sslmode=verify-full'`;

interface TokensFlags {
  readonly connString: string;
  readonly numResults: number;
  readonly allowTlsModeDisable?: true;
  readonly json?: true;
}

/** `tsmolt fetch tokens`: what can be continued. */
export function tokensCommand(exit: (code: number) => void): Command {
  const list = new Command('list')
    .description('List the tables of unfinished fetches, with the tokens to continue them.')
    .requiredOption('--conn-string <url>', 'connection string of the target database')
    .option('-n, --num-results <n>', 'number of results to return', positiveInteger, 10)
    .option('--allow-tls-mode-disable', 'allow a connection that is not encrypted')
    .option('--json', 'print JSON for machines')
    .addHelpText('after', example)
    .action(async (flags: TokensFlags) => {
      exit(await printTokens(flags));
    });
  return new Command('tokens').description('Work with continuation tokens.').addCommand(list);
}

async function printTokens(flags: TokensFlags): Promise<number> {
  try {
    const tokens = await listTokens({
      target: flags.connString,
      limit: flags.numResults,
      allowTlsModeDisable: flags.allowTlsModeDisable === true,
    });
    if (flags.json === true) {
      process.stdout.write(`${JSON.stringify(tokens)}\n`);
      return 0;
    }
    const table = new Table({
      head: ['ID', 'FETCH ID', 'TABLE NAME', 'FILE NAME'],
      chars: ascii,
      style: { head: [], border: [] },
    });
    for (const { token, fetchId, table: name, file } of tokens) {
      table.push([token, fetchId, displayName(name), file.slice(file.lastIndexOf('/') + 1)]);
    }
    process.stdout.write(`${withoutInnerLines(table.toString())}\nContinuation Tokens.\n`);
    return 0;
  } catch (thrown) {
    writeError(thrown);
    return 1;
  }
}

/** The frame that the reference prints: what reads its output reads this. */
const ascii = {
  top: '-', 'top-mid': '+', 'top-left': '+', 'top-right': '+',
  bottom: '-', 'bottom-mid': '+', 'bottom-left': '+', 'bottom-right': '+',
  left: '|', 'left-mid': '+', mid: '-', 'mid-mid': '+', right: '|', 'right-mid': '+', middle: '|',
}; // prettier-ignore
