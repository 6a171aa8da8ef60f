import { Command, Option } from 'commander';
import { logLevels } from '@tsmolt/core';
import type { VerifyFlags } from './run-verify.js';
import { count, duration, positiveInteger } from './values.js';

const examples = `
Examples:
  Compare all tables of a schema:
    tsmolt verify --source 'postgres://app:secret@old:5432/shop?sslmode=verify-full' \\
      --target 'postgres://root@new:26257/defaultdb?sslmode=verify-full' --schema-filter '^public$'

  Compare three tables, gently, and keep the report:
    tsmolt verify --source $SOURCE --target $TARGET --table-filter 'employees|payments|orders' \\
      --concurrency 2 --statement-timeout 10s --report verify.json --use-console-writer

  Compare databases while an application writes and a replicator follows:
    tsmolt verify --source $SOURCE --target $TARGET --live

  The same, waiting for just those changes that a row was read with (the replicator's staging schema says how far it is):
    tsmolt verify --source $SOURCE --target $TARGET --live --stagingConn $TARGET --stagingSchema defaultdb._replicator

  Compare a large database; the same command goes on where a run was killed:
    tsmolt verify --source $SOURCE --target $TARGET --state-file verify.state

  Write the statements that would make the target equal, read them, and only then run them:
    tsmolt verify --source $SOURCE --target $TARGET --repair-file repair.sql

Exit codes: 0 both hold the same, 1 they differ, 2 it could not be told (or wrong use), 130 or 143 stopped by a signal.`;

/** @param exit takes the exit code when the command has run */
export function verifyCommand(exit: (code: number) => void): Command {
  const command = new Command('verify')
    .description('Prove that a target database holds the rows of its source.')
    .requiredOption('--source <url>', 'connection string of the source database')
    .requiredOption('--target <url>', 'connection string of the target database');
  addComparisonFlags(command);
  addPatienceFlags(command);
  addRepairFlags(command);
  addOutputFlags(command);
  return command.addHelpText('after', examples).action(async (flags: VerifyFlags) => {
    const { runVerifyCommand } = await import('./run-verify.js');
    exit(await runVerifyCommand(flags, command.getOptionValueSource('metricsListenAddr') === 'cli'));
  });
}

function addComparisonFlags(command: Command): void {
  command
    .option('--allow-tls-mode-disable', 'allow connections that are not encrypted')
    .option('--schema-filter <regex>', 'POSIX regular expression: compare the schemas that match', '.*')
    .option('--table-filter <regex>', 'POSIX regular expression: compare the tables that match', '.*')
    .option(
      '--table-exclusion-filter <regex>',
      'POSIX regular expression: leave out the tables that match',
      '',
    )
    .option('--case-sensitive', 'compare names of tables and columns with regard to case')
    .option('--filter-path <file>', 'JSON file that says which rows of a table to compare')
    .option('--transformations-file <file>', 'JSON file with the rules that the rows were moved by')
    .option('--concurrency <n>', 'statements at a time on each server', positiveInteger, 16)
    .option('--row-batch-size <n>', 'rows that one statement hashes, about', positiveInteger, 20_000);
}

function addPatienceFlags(command: Command): void {
  command
    .option(
      '--statement-timeout <duration>',
      'cancel a statement that takes longer, and divide its rows; 0 for no limit (tsmolt only)',
      duration,
      0,
    )
    .option(
      '--live',
      'the databases are written to: read rows that differ again before they count (tsmolt only)',
    )
    .option(
      '--live-retries <n>',
      'how often, with growing waits, while the source has the same row (default: 8; tsmolt only)',
      positiveInteger,
    )
    .option(
      '--stagingConn <url>',
      'with --live: staging database of the replicator; rows that differ are read again when it has come so far (tsmolt only)',
    )
    .option('--stagingSchema <schema>', 'its staging schema (default: _replicator; tsmolt only)')
    .option(
      '--state-file <file>',
      'note finished work here; where the file is there, go on with the run that it tells of (tsmolt only)',
    )
    .option(
      '--continue-from <file>',
      'as --state-file, for a run that was interrupted: the file must be there (tsmolt only)',
    );
}

function addRepairFlags(command: Command): void {
  command
    .option('--repair-file <file>', 'write the statements that make the target equal, as SQL (tsmolt only)')
    .option(
      '--repair-apply',
      'run the statements of --repair-file, and compare their rows again: WRITES to the target (tsmolt only)',
    );
}

function addOutputFlags(command: Command): void {
  command
    .option('--report <file>', 'write the whole report here, as JSON (tsmolt only)')
    .option('--named-rows <n>', 'differing rows of a table to name (tsmolt only)', count, 100)
    .option('--redact-values', 'show hashes in the place of values (tsmolt only)')
    .addOption(new Option('--logging <level>', 'least level of log lines').choices(logLevels).default('info'))
    .option('--log-file [file]', 'write the log here (without a name: verify-{datetime}.log)', 'stdout')
    .option('--use-console-writer', 'log for people, with a summary, instead of JSON lines')
    .option(
      '--metrics-listen-addr <address>',
      'serve Prometheus metrics at http://{address}/metrics',
      '127.0.0.1:3030',
    );
}
