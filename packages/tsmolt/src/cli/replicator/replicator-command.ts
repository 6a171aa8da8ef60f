import { Command } from 'commander';
import { dlqCommand } from './dlq-command.js';
import { mylogicalCommand, pglogicalCommand } from './replication-commands.js';
import { statusCommand } from './status-command.js';

/** @param exit takes the exit code when the command has run */
export function replicatorCommand(exit: (code: number) => void): Command {
  return new Command('replicator')
    .description('Carry committed changes from a live source to the target, until the day of the cutover.')
    .enablePositionalOptions()
    .addCommand(pglogicalCommand(exit))
    .addCommand(mylogicalCommand(exit))
    .addCommand(statusCommand(exit))
    .addCommand(dlqCommand(exit));
}
