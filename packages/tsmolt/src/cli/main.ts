import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { commandsBelow, separateBooleans } from './boolean-flags.js';

type MakeCommand = (exit: (code: number) => void) => Command;

/** In the order of the help. Loaded when they are called: what only another command needs is nothing to wait for. */
const commands: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  fetch: async () => (await import('./fetch-command.js')).fetchCommand,
  verify: async () => (await import('./verify-command.js')).verifyCommand,
  replicator: async () => (await import('./replicator/replicator-command.js')).replicatorCommand,
  userscript: async () => (await import('./userscript-command.js')).userscriptCommand,
  'escape-password': async () => (await import('./escape-password-command.js')).escapePasswordCommand,
};

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
    .showHelpAfterError('(add --help for all options and examples)')
    .exitOverride();
  for (const make of await commandsFor(args)) program.addCommand(make((code) => (exitCode = code)));
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

/** The command that is called, or all of them where none is: for the help. */
function commandsFor([name = '']: readonly string[]): Promise<MakeCommand[]> {
  const called = Object.hasOwn(commands, name) ? [commands[name]] : Object.values(commands);
  return Promise.all(called.flatMap((load) => (load === undefined ? [] : [load()])));
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
