import { Command, Option } from 'commander';
import { logLevels } from '@tsmolt/core';
import { tableHandlings } from '@tsmolt/fetch';
import type { FetchFlags } from './fetch-flags.js';
import { runFetchCommand } from './run-fetch.js';
import { count, duration, positiveInteger } from './values.js';

const examples = `
Examples:
  Move every table of a schema straight into CockroachDB, creating the tables there:
    tsmolt fetch --source 'postgres://app:secret@old:5432/shop?sslmode=verify-full' \\
      --target 'postgres://root@new:26257/defaultdb?sslmode=verify-full' \\
      --schema-filter 'public' --table-handling drop-on-target-and-recreate --direct-copy

  Load three tables into existing ones, and create the slot that replication will start from:
    tsmolt fetch --source $SOURCE --target $TARGET --direct-copy \\
      --table-filter '^(employees|payments|orders)$' --table-handling truncate-if-exists \\
      --pglogical-replication-slot-name molt_slot --pglogical-publication-and-slot-drop-and-recreate

  One-time load with proof, for people to watch:
    tsmolt fetch --source $SOURCE --target $TARGET --direct-copy --ignore-replication-check \\
      --checksum --use-console-writer

Exit codes: 0 everything was moved and counted equal, 1 it was not, 2 wrong use, 130 or 143 stopped by a signal.`;

/** @param exit takes the exit code when the command has run */
export function fetchCommand(exit: (code: number) => void): Command {
  const command = new Command('fetch')
    .description('Copy the tables of a source database into a target database from one consistent snapshot.')
    .requiredOption('--source <url>', 'connection string of the source database')
    .requiredOption('--target <url>', 'connection string of the target database');
  addRouteFlags(command);
  addSelectionFlags(command);
  addSpeedFlags(command);
  addReplicationFlags(command);
  addOutputFlags(command);
  return command.addHelpText('after', examples).action(async (flags: FetchFlags) => {
    exit(await runFetchCommand(flags, command.getOptionValueSource('metricsListenAddr') === 'cli'));
  });
}

function addRouteFlags(command: Command): void {
  command
    .option('--allow-tls-mode-disable', 'allow connections that are not encrypted')
    .option('--direct-copy', 'copy straight from source to target, without files in between')
    .option('--local-path <directory>', 'write intermediate files here')
    .option('--use-copy', 'load the intermediate files with COPY FROM')
    .option('--cleanup', 'delete the intermediate files after the load')
    .option('--non-interactive', 'do not ask before tables on the target are emptied or dropped');
}

function addSelectionFlags(command: Command): void {
  command
    .option('--schema-filter <regex>', 'POSIX regular expression: move the schemas that match', '.*')
    .option('--table-filter <regex>', 'POSIX regular expression: move the tables that match', '.*')
    .option(
      '--table-exclusion-filter <regex>',
      'POSIX regular expression: leave out the tables that match',
      '',
    )
    .option('--case-sensitive', 'compare names of tables and columns with regard to case')
    .option('--skip-pk-check', 'load tables without a primary key, or with different ones, unsharded')
    .addOption(
      new Option('--table-handling <mode>', 'what happens to tables that exist on the target')
        .choices(tableHandlings)
        .default('none'),
    );
}

function addSpeedFlags(command: Command): void {
  command
    .option('--table-concurrency <n>', 'tables at a time', positiveInteger, 4)
    .option('--export-concurrency <n>', 'shards at a time for each table', positiveInteger, 4)
    .option(
      '--row-batch-size <n>',
      'rows of a shard that travel in one transaction, about',
      positiveInteger,
      100_000,
    )
    .option(
      '--use-stats-based-sharding',
      'cut tables by the statistics of the source, whatever the type of the key',
    )
    .option('--export-retry-max-attempts <n>', 'attempts after a failure that may pass', count, 3)
    .addOption(
      new Option('--export-retry-max-duration <duration>', 'time for all attempts together, 0 for no limit')
        .argParser(duration)
        .default(300_000, '5m0s'),
    );
}

function addReplicationFlags(command: Command): void {
  command
    .option('--ignore-replication-check', 'do not ask the source for a replication position')
    .option(
      '--pglogical-replication-slot-name <name>',
      'create this replication slot and take the snapshot from it',
    )
    .option(
      '--pglogical-publication-and-slot-drop-and-recreate',
      'drop publication molt_fetch and the slot first, where they exist',
    );
}

function addOutputFlags(command: Command): void {
  command
    .option('--checksum', 'hash all rows on both servers and compare (tsmolt only)')
    .addOption(new Option('--logging <level>', 'least level of log lines').choices(logLevels).default('info'))
    .option('--log-file [file]', 'write the log here (without a name: fetch-{datetime}.log)', 'stdout')
    .option('--use-console-writer', 'log for people, with progress and a summary, instead of JSON lines')
    .option(
      '--metrics-listen-addr <address>',
      'serve Prometheus metrics at http://{address}/metrics',
      '127.0.0.1:3030',
    );
}
