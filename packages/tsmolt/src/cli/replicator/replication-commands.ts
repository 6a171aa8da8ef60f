import { Command } from 'commander';
import { replicationDefaults as defaults } from '../../replication/replicate-request.js';
import { byteSize, positiveInteger } from '../values.js';
import { durationOption } from './duration-option.js';
import {
  addConnectionFlags,
  addFlagsWithoutEffect,
  addOperationFlags,
  addPatienceFlags,
  addSelectionFlags,
  addSpeedFlags,
} from './replication-flags.js';
import type { ReplicationFlags } from './run-replication.js';

const exitCodes = `
Exit codes: 0 drained (SIGTERM, Ctrl-C) or --until was reached, 1 failed, 2 wrong use,
3 paused: the source did something that is no row, and the log says what to do,
4 --until was reached, but the target refused changes: they wait in staging, or are dead letters,
130 or 143 stopped by a signal after --gracePeriod, or by a second signal.`;

const pglogicalExamples = `
Examples:
  Replicate what happened since the fetch that created the slot:
    tsmolt replicator pglogical --sourceConn $SOURCE --targetConn $TARGET --targetSchema defaultdb.public \\
      --slotName molt_slot --publicationName molt_fetch --stagingSchema defaultdb._replicator \\
      --stagingCreateSchema --metricsAddr :30005 -v

  Cut over: the application is stopped; write the rest and end:
    tsmolt replicator pglogical --sourceConn $SOURCE --targetConn $TARGET --targetSchema defaultdb.public \\
      --slotName molt_slot --publicationName molt_fetch --stagingSchema defaultdb._replicator --until now
${exitCodes}`;

const mylogicalExamples = `
Examples:
  Replicate what happened since the fetch whose cdc_cursor it was:
    tsmolt replicator mylogical --sourceConn $SOURCE --targetConn $TARGET --targetSchema defaultdb.public \\
      --defaultGTIDSet '4c658ae6-e8ad-11ef-8449-0242ac140006:1-29' --stagingSchema defaultdb._replicator \\
      --stagingCreateSchema --metricsAddr :30005 --userscript table_filter.ts -v

  Cut over: the application is stopped; write the rest and end:
    tsmolt replicator mylogical --sourceConn $SOURCE --targetConn $TARGET --targetSchema defaultdb.public \\
      --stagingSchema defaultdb._replicator --until now
${exitCodes}`;

/** @param exit takes the exit code when the command has run */
export function pglogicalCommand(exit: (code: number) => void): Command {
  const command = new Command('pglogical')
    .description('Replicate from PostgreSQL, by logical replication.')
    .option('--slotName <name>', 'replication slot, created by the fetch', defaults.slotName)
    .option('--publicationName <name>', 'publication of the tables (default: molt_fetch)')
    .addOption(
      durationOption(
        '--standbyTimeout <duration>',
        'how often the source is told what is durable',
        defaults.standbyTimeout,
      ),
    )
    .option(
      '--decodingMemory <bytes>',
      'what the source may use for a large transaction before it writes it to its disk (default: 256MiB; tsmolt only)',
      byteSize,
    )
    .option(
      '--streamLargeTransactions',
      'take large transactions while they run, and keep them in staging until they end (PostgreSQL 14 on; tsmolt only)',
    );
  return replication(command, exit).addHelpText('after', pglogicalExamples);
}

/** @param exit takes the exit code when the command has run */
export function mylogicalCommand(exit: (code: number) => void): Command {
  const command = new Command('mylogical')
    .description('Replicate from MySQL or MariaDB, by GTID.')
    .option('--defaultGTIDSet <set>', 'where to start the first time: the cdc_cursor of the fetch')
    .option(
      '--fetchMetadata [bool]',
      'ask the source for the names of columns, where its binary log does not have them',
      (text) => text !== 'false',
    )
    .option(
      '--replicationProcessID <n>',
      'names this replica among those of the source',
      positiveInteger,
      defaults.replicationProcessID,
    );
  return replication(command, exit).addHelpText('after', mylogicalExamples);
}

function replication(command: Command, exit: (code: number) => void): Command {
  addConnectionFlags(command);
  addSelectionFlags(command);
  addSpeedFlags(command);
  addPatienceFlags(command);
  addOperationFlags(command);
  addFlagsWithoutEffect(command);
  return command.action(async (flags: ReplicationFlags) => {
    const { runReplicationCommand } = await import('./run-replication.js');
    exit(await runReplicationCommand(command.name(), flags));
  });
}
