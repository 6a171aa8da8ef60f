import { Option } from 'commander';
import type { Command } from 'commander';
import { logLevels, unrepresentablePolicies } from '@tsmolt/core';
import { compressions, lostSnapshotPolicies, tableHandlings } from '@tsmolt/fetch';
import { byteSize, count, duration, positiveInteger } from './values.js';

export function addConnectionFlags(command: Command): void {
  command
    .option('--source <url>', 'connection string of the source database')
    .option(
      '--source-cdb <url>',
      'connection string of the container database of a multitenant Oracle source',
    )
    .option('--target <url>', 'connection string of the target database')
    .option(
      '--mode <mode>',
      'data-load, export-only (files and a manifest), or import-only (files that an export wrote)',
      'data-load',
    )
    .option('--allow-tls-mode-disable', 'allow connections that are not encrypted')
    .option('--non-interactive', 'do not ask before tables on the target are emptied or dropped')
    .option('--dry-run', 'print what would happen and change nothing (tsmolt only)');
}

export function addRouteFlags(command: Command): void {
  command
    .option('--direct-copy', 'copy straight from source to target, without files in between')
    .option(
      '--bucket-path <url>',
      'write intermediate files here: s3://bucket/path, gs://bucket/path, azure-blob://container/path',
    )
    .option('--use-implicit-auth', 'the cluster authenticates to the cloud storage by its own identity')
    .option('--assume-role <role>', 'service account or role to assume, with --use-implicit-auth')
    .option('--import-region <region>', 'AWS region of the bucket, for IMPORT INTO')
    .option('--local-path <directory>', 'write intermediate files into this directory')
    .option(
      '--local-path-listen-addr <address>',
      'serve the directory here, so that the cluster can read it (host:port)',
    )
    .option(
      '--local-path-crdb-access-addr <address>',
      'address by which the cluster reaches that server, where it is another one',
    )
    .option('--use-copy', 'load the files with COPY FROM instead of IMPORT INTO: tables stay online')
    .addOption(
      new Option(
        '--compression <method>',
        'of intermediate files (default: gzip, with --use-copy none)',
      ).choices(compressions),
    )
    .option('--flush-rows <n>', 'rows after which a file ends', positiveInteger)
    .option('--flush-size <bytes>', 'bytes after which a file ends (default: 256MiB)', byteSize)
    .option('--import-batch-size <n>', 'files in one IMPORT INTO', positiveInteger, 1000)
    .option('--cleanup', 'delete the intermediate files after the load');
}

export function addSelectionFlags(command: Command): void {
  command
    .option('--schema-filter <regex>', 'POSIX regular expression: move the schemas that match', '.*')
    .option('--table-filter <regex>', 'POSIX regular expression: move the tables that match', '.*')
    .option(
      '--table-exclusion-filter <regex>',
      'POSIX regular expression: leave out the tables that match',
      '',
    )
    .option('--filter-path <file>', 'JSON file that says which rows of a table to move')
    .option('--case-sensitive', 'compare names of tables and columns with regard to case')
    .option('--skip-pk-check', 'load tables without a primary key, or with different ones, unsharded')
    .option(
      '--skip-unmigratable-tables',
      'leave out tables without a primary key, or with one that is collated otherwise, and name them (tsmolt only)',
    )
    .option(
      '--transformations-file <file>',
      'JSON file with rules for columns, and names of tables and schemas',
    )
    .option('--type-map-file <file>', 'JSON file with types for tables that are created')
    .addOption(
      new Option('--table-handling <mode>', 'what happens to tables that exist on the target')
        .choices(tableHandlings)
        .default('none'),
    )
    .addOption(
      new Option(
        '--unrepresentable-values <policy>',
        'values that no target can hold, such as zero dates: end the run, or replace and count them (tsmolt only)',
      )
        .choices(unrepresentablePolicies)
        .default('reject'),
    );
}

export function addSpeedFlags(command: Command): void {
  command
    .option('--table-concurrency <n>', 'tables at a time', positiveInteger, 4)
    .option('--export-concurrency <n>', 'shards at a time for each table', positiveInteger, 4)
    .option(
      '--row-batch-size <n>',
      'rows of a shard that one statement exports, about',
      positiveInteger,
      100_000,
    )
    .option(
      '--use-stats-based-sharding',
      'cut tables by the statistics of the source, whatever the type of the key',
    )
    .addOption(
      new Option('--max-memory <bytes>', 'of all buffers together (tsmolt only)')
        .argParser(byteSize)
        .default(512 * 1024 * 1024, '512MiB'),
    )
    .option('--export-retry-max-attempts <n>', 'attempts after a failure that may pass', count, 3)
    .addOption(
      new Option('--export-retry-max-duration <duration>', 'time for all attempts together, 0 for no limit')
        .argParser(duration)
        .default(300_000, '5m0s'),
    );
}

export function addReplicationFlags(command: Command): void {
  command
    .option('--ignore-replication-check', 'do not ask the source for a replication position')
    .option(
      '--pglogical-replication-slot-name <name>',
      'create this replication slot and take the snapshot from it',
    )
    .option(
      '--pglogical-publication-and-slot-drop-and-recreate',
      'drop publication molt_fetch and the slot first, where they exist',
    )
    .addOption(
      new Option(
        '--crdb-pts-duration <duration>',
        'how long a CockroachDB source keeps the rows of the snapshot',
      )
        .argParser(duration)
        .default(86_400_000, '24h0m0s'),
    )
    .addOption(
      new Option('--crdb-pts-refresh-interval <duration>', 'how often that is renewed')
        .argParser(duration)
        .default(600_000, '10m0s'),
    );
}

export function addContinuationFlags(command: Command): void {
  command
    .option('--fetch-id <uuid>', 'go on with this fetch, which was interrupted')
    .option('--continuation-token <uuid>', 'only with the table of this token')
    .option('--continuation-file-name <name>', 'from this file on')
    .addOption(
      new Option(
        '--if-snapshot-lost <policy>',
        'when the source has changed since the interrupted export: end, or export all tables again (tsmolt only)',
      )
        .choices(lostSnapshotPolicies)
        .default('fail'),
    );
}

export function addOutputFlags(command: Command): void {
  command
    .option('--checksum', 'hash all rows on both servers and compare (tsmolt only)')
    .addOption(new Option('--logging <level>', 'least level of log lines').choices(logLevels).default('info'))
    .option('--log-file [file]', 'write the log here (without a name: fetch-{datetime}.log)', 'stdout')
    .option('--use-console-writer', 'log for people, with progress and a summary, instead of JSON lines')
    .option(
      '--metrics-listen-addr <address>',
      'serve Prometheus metrics at http://{address}/metrics',
      '127.0.0.1:3030',
    )
    .option(
      '--pprof-listen-addr <address>',
      'serve CPU profiles and heap snapshots at http://{address}/debug/pprof/',
      '127.0.0.1:3031',
    )
    .option('--opt-out-telemetry', 'accepted for compatibility: nothing is ever sent anywhere');
}
