import { Option } from 'commander';
import type { Command } from 'commander';
import { unrepresentablePolicies } from '@tsmolt/core';
import { ddlPolicies, missingKeyPolicies, truncatePolicies } from '@tsmolt/replicator';
import { replicationDefaults as defaults } from '../../replication/replicate-request.js';
import { byteSize, count, positiveInteger } from '../values.js';
import { durationOption } from './duration-option.js';

/** Flags of the reference (manual, "MOLT Replicator Commands and Flags") that mean nothing to this implementation. */
export const withoutEffect: Readonly<Record<string, string>> = {
  scanSize: 'changes go from the source to the target without being read back from staging',
  stageDisableCreateTableReaderIndex: 'staging tables hold only changes that wait',
  stageMarkAppliedLimit: 'staging tables hold only changes that wait',
  stageSanityCheckPeriod: 'the order of changes is kept by their sequence',
  stageSanityCheckWindow: 'the order of changes is kept by their sequence',
  stageUnappliedPeriod: 'changes that wait are reported with each attempt to apply them',
  stagingIdleTime: 'connections are kept for as long as they work',
  stagingJitterTime: 'connections are kept for as long as they work',
  stagingMaxLifetime: 'connections are kept for as long as they work',
  stagingMaxPoolSize: 'it takes as many connections as it needs, a handful',
  targetIdleTime: 'connections are kept for as long as they work',
  targetJitterTime: 'connections are kept for as long as they work',
  targetMaxLifetime: 'connections are kept for as long as they work',
  targetMaxPoolSize:
    'it takes as many connections as it needs, and with --enableParallelApplies as --parallelism says',
  taskGracePeriod: 'there are no background tasks that could outlive an error',
  bestEffortOnly: 'transactions of the source always stay whole',
  bestEffortWindow: 'transactions of the source always stay whole',
  immediate: 'transactions of the source always stay whole',
};

const switches = new Set(['stageDisableCreateTableReaderIndex', 'bestEffortOnly', 'immediate']);

export function addConnectionFlags(command: Command): void {
  command
    .requiredOption('--sourceConn <url>', 'connection string of the source database')
    .requiredOption('--targetConn <url>', 'connection string of the target database')
    .requiredOption('--targetSchema <schema>', 'schema of the target to write to: database.schema');
  addStagingFlags(command);
  command.option('--stagingCreateSchema', 'create the staging schema where it does not exist');
}

export function addStagingFlags(command: Command): void {
  command
    .option('--stagingConn <url>', 'connection string of the staging database (default: --targetConn)')
    .option(
      '--stagingSchema <schema>',
      'schema of the checkpoint and of changes that wait: database.schema (default: _replicator)',
    );
}

export function addSelectionFlags(command: Command): void {
  command
    .option(
      '--schema-filter <regex>',
      'POSIX regular expression: replicate tables of the source schemas that match (tsmolt only)',
      '.*',
    )
    .option(
      '--table-filter <regex>',
      'POSIX regular expression: replicate the tables that match (tsmolt only)',
      '.*',
    )
    .option(
      '--table-exclusion-filter <regex>',
      'POSIX regular expression: leave out the tables that match (tsmolt only)',
      '',
    )
    .option('--userscript <file>', 'TypeScript file that routes, filters and changes rows on their way')
    .addOption(
      new Option('--onTruncate <policy>', 'what happens at a TRUNCATE of the source (tsmolt only)')
        .choices(truncatePolicies)
        .default(defaults.onTruncate),
    )
    .addOption(
      new Option(
        '--onDDL <policy>',
        'what happens when the definition of a table changes; check goes on where the target fits (tsmolt only)',
      )
        .choices(ddlPolicies)
        .default(defaults.onDdl),
    )
    .addOption(
      new Option(
        '--onMissingKey <policy>',
        'what happens where nothing identifies the rows of a table; ignore leaves it out (tsmolt only)',
      )
        .choices(missingKeyPolicies)
        .default(defaults.onMissingKey),
    )
    .option(
      '--acceptUpTo <position>',
      'pass over TRUNCATE and DDL up to this position: you have dealt with them (tsmolt only)',
    )
    .option(
      '--until <position>',
      'end when everything up to this position is on the target; `now` for the end of the log at the start (tsmolt only)',
    )
    .addOption(
      new Option(
        '--unrepresentable-values <policy>',
        'values that no target can hold, such as zero dates (tsmolt only)',
      )
        .choices(unrepresentablePolicies)
        .default(defaults.unrepresentable),
    );
}

export function addSpeedFlags(command: Command): void {
  command
    .option(
      '--flushSize <n>',
      'rows at which a batch is written; with up to ten times as many where they wait already',
      positiveInteger,
      defaults.flushSize,
    )
    .addOption(
      durationOption('--flushPeriod <duration>', 'write what has come after so long', defaults.flushPeriod),
    )
    .option(
      '--timestampLimit <n>',
      'transactions of the source in one of the target',
      positiveInteger,
      defaults.timestampLimit,
    )
    .option(
      '--targetApplyQueueSize <n>',
      'batches that may wait for the target',
      positiveInteger,
      defaults.targetApplyQueueSize,
    )
    .option(
      '--collapseMutations [bool]',
      'write several changes of a row in one batch as one',
      truth,
      defaults.collapseMutations,
    )
    .option(
      '--enableParallelApplies [bool]',
      'write groups of tables without foreign keys between them at the same time, each on its own',
      truth,
      defaults.enableParallelApplies,
    )
    .option(
      '--parallelism <n>',
      'groups that are written at the same time',
      positiveInteger,
      defaults.parallelism,
    )
    .option(
      '--targetStatementCacheSize <n>',
      'statements that a connection to the target keeps prepared',
      positiveInteger,
      defaults.targetStatementCacheSize,
    )
    .addOption(
      durationOption(
        '--applyTimeout <duration>',
        'how long one statement on the target may take',
        defaults.applyTimeout,
      ),
    );
}

export function addPatienceFlags(command: Command): void {
  command
    .option(
      '--maxRetries <n>',
      'attempts of a change that the target refuses, before it becomes a dead letter',
      count,
      defaults.maxRetries,
    )
    .addOption(
      durationOption(
        '--quiescentPeriod <duration>',
        'how often changes that wait are tried again',
        defaults.quiescentPeriod,
      ),
    )
    .addOption(
      durationOption(
        '--retryInitialBackoff <duration>',
        'first wait after a lost connection or a conflict',
        defaults.retryInitialBackoff,
      ),
    )
    .option('--retryMultiplier <n>', 'how fast the wait grows', positiveInteger, defaults.retryMultiplier)
    .addOption(durationOption('--retryMaxBackoff <duration>', 'longest wait', defaults.retryMaxBackoff))
    .addOption(
      durationOption(
        '--schemaRefresh <duration>',
        'how often the schema of the target is read again',
        defaults.schemaRefresh,
      ),
    )
    .addOption(
      durationOption(
        '--retireOffset <duration>',
        'how long changes that were applied stay in staging',
        defaults.retireOffset,
      ),
    )
    .option('--dlqTableName <name>', 'table of the target for dead letters', defaults.dlqTableName)
    .addOption(
      durationOption('--gracePeriod <duration>', 'how long it may go on writing after SIGTERM', 30_000),
    );
}

export function addOperationFlags(command: Command): void {
  command
    .option('--metricsAddr <address>', 'serve /_/varz, /_/healthz and /_/diag here: [host]:port')
    .addOption(
      durationOption(
        '--metricsSnapshotPeriod <duration>',
        'write the metrics to a file so often; 0 for never',
        0,
      ),
    )
    .addOption(
      new Option('--metricsSnapshotCompression <method>', 'of these files')
        .choices(['gzip', 'none'])
        .default('gzip'),
    )
    .addOption(
      durationOption(
        '--metricsSnapshotRetentionTime <duration>',
        'delete such files after so long',
        168 * 3_600_000,
      ),
    )
    .option(
      '--metricsSnapshotRetentionSize <bytes>',
      'delete the oldest of them beyond so many bytes',
      byteSize,
    )
    .option('--dataDir <directory>', 'where such files go', 'replicator-data')
    .option('--logDestination <file>', 'write the log here instead of to standard output')
    .addOption(
      new Option('--logFormat <format>', 'of log lines; fluent and json are JSON')
        .choices(['text', 'fluent', 'json'])
        .default('text'),
    )
    .option(
      '-v, --verbose',
      'more log lines: -v for debug, -vv for trace',
      (_value: string, before: number) => before + 1,
      0,
    );
}

/** Accepted, so that a runbook for the reference works; a run that was given one says that it had no effect. */
export function addFlagsWithoutEffect(command: Command): void {
  for (const name of Object.keys(withoutEffect)) {
    const flags = switches.has(name) ? `--${name} [bool]` : `--${name} <value>`;
    command.addOption(new Option(flags, 'accepted, without effect').hideHelp());
  }
}

function truth(text: string): boolean {
  return text !== 'false';
}
