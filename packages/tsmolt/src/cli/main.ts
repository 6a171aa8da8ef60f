import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { escapePasswordCommand } from './escape-password-command.js';
import { fetchCommand } from './fetch-command.js';
import { commandsBelow, separateBooleans } from './boolean-flags.js';
import { replicatorCommand } from './replicator/replicator-command.js';
import { userscriptCommand } from './userscript-command.js';
import { verifyCommand } from './verify-command.js';

/**
 * The `tsmolt` command.
 *
 * @param args what follows the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong use, 130 or 143 stopped by a signal
 */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('tsmolt')
    .description('Moves a live database into CockroachDB or PostgreSQL and proves that nothing was lost.')
    .version(version())
    // Flags belong to the command that they follow.
    .enablePositionalOptions()
    .addCommand(fetchCommand((code) => (exitCode = code)))
    .addCommand(verifyCommand((code) => (exitCode = code)))
    .addCommand(replicatorCommand((code) => (exitCode = code)))
    .addCommand(userscriptCommand((code) => (exitCode = code)))
    .addCommand(escapePasswordCommand())
    .showHelpAfterError('(add --help for all options and examples)')
    .exitOverride();
  // Subcommands do not inherit what is set before they are added.
  for (const command of commandsBelow(program))
    command.exitOverride().showHelpAfterError('(add --help for all options and examples)');
  try {
    await program.parseAsync(separateBooleans(program, args), { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    throw thrown;
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
