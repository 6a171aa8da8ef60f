import { Command } from 'commander';
import { addStagingFlags } from './replication-flags.js';
import { quietLogger } from './run-replication.js';
import { writeError } from '../write-error.js';

interface StatusFlags {
  readonly stagingConn: string;
  readonly stagingSchema?: string;
  readonly json?: true;
}

const examples = `
Examples:
    tsmolt replicator status --stagingConn $TARGET --stagingSchema defaultdb._replicator
    tsmolt replicator status --stagingConn $TARGET --stagingSchema defaultdb._replicator --json

Exit codes: 0 told, 1 failed, 2 wrong use.`;

/** @param exit takes the exit code when the command has run */
export function statusCommand(exit: (code: number) => void): Command {
  const command = new Command('status').description(
    'Print how far the streams of a staging schema have come, and what waits.',
  );
  addStagingFlags(command);
  return command
    .option('--json', 'for machines')
    .addHelpText('after', examples)
    .action(async (flags: StatusFlags) => {
      try {
        const { replicationStatus } = await import('../../replication/status.js');
        const status = await replicationStatus({ ...flags, logger: quietLogger() });
        const { statusText } = await import('../../console/replication-status.js');
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(status, undefined, 2)}\n` : statusText(status),
        );
        exit(0);
      } catch (thrown) {
        writeError(thrown);
        exit(1);
      }
    });
}
