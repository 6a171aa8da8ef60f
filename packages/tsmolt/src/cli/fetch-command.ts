import { Command } from 'commander';
import {
  addConnectionFlags,
  addContinuationFlags,
  addOutputFlags,
  addReplicationFlags,
  addRouteFlags,
  addSelectionFlags,
  addSpeedFlags,
} from './fetch-flag-groups.js';
import type { FetchFlags } from './fetch-flags.js';
import { runFetchCommand } from './run-fetch.js';
import { tokensCommand } from './tokens-command.js';

const examples = `
Examples:
  Move every table of a schema straight into CockroachDB, creating the tables there:
    tsmolt fetch --source 'postgres://app:secret@old:5432/shop?sslmode=verify-full' \\
      --target 'postgres://root@new:26257/defaultdb?sslmode=verify-full' \\
      --schema-filter 'public' --table-handling drop-on-target-and-recreate --direct-copy

  Through S3 with IMPORT INTO, from MySQL, for replication to follow:
    tsmolt fetch --source 'mysql://app:secret@old:3306/shop' --target $TARGET \\
      --bucket-path 's3://migration/data' --table-handling truncate-if-exists

  Load three tables into existing ones, and create the slot that replication will start from:
    tsmolt fetch --source $SOURCE --target $TARGET --direct-copy \\
      --table-filter '^(employees|payments|orders)$' --table-handling truncate-if-exists \\
      --pglogical-replication-slot-name molt_slot --pglogical-publication-and-slot-drop-and-recreate

  Go on where a fetch through files was interrupted, even by kill -9:
    tsmolt fetch tokens list --conn-string $TARGET
    tsmolt fetch --source $SOURCE --target $TARGET --bucket-path 's3://migration/data' --fetch-id $ID

  See what would happen, and change nothing:
    tsmolt fetch --source $SOURCE --target $TARGET --bucket-path 's3://migration/data' --dry-run --use-console-writer

Exit codes: 0 everything was moved and counted equal, 1 it was not, 2 wrong use, 130 or 143 stopped by a signal.`;

/** @param exit takes the exit code when the command has run */
export function fetchCommand(exit: (code: number) => void): Command {
  // Flags of the subcommands that this command has too are theirs.
  const command = new Command('fetch')
    .enablePositionalOptions()
    .description('Copy the tables of a source database into a target database from one consistent snapshot.');
  addConnectionFlags(command);
  addRouteFlags(command);
  addSelectionFlags(command);
  addSpeedFlags(command);
  addReplicationFlags(command);
  addContinuationFlags(command);
  addOutputFlags(command);
  return command
    .addCommand(tokensCommand(exit))
    .addHelpText('after', examples)
    .action(async (flags: FetchFlags) => {
      const demanded = (flag: string): boolean => command.getOptionValueSource(flag) === 'cli';
      exit(await runFetchCommand(flags, demanded));
    });
}
