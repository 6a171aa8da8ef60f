import { Command } from 'commander';
import { displayName } from '@tsmolt/core';
import type { DeadLetter } from '@tsmolt/core';
import { replicationDefaults } from '../../replication/replicate-request.js';
import { positiveInteger } from '../values.js';
import { writeError } from '../write-error.js';

interface DlqFlags {
  readonly targetConn: string;
  readonly targetSchema: string;
  readonly dlqTableName: string;
  readonly userscript?: string;
  readonly numResults?: number;
  readonly json?: true;
}

const examples = `
Examples:
  What was given up, and why:
    tsmolt replicator dlq list --targetConn $TARGET --targetSchema defaultdb.public
  One of them, with the row before and after the change:
    tsmolt replicator dlq show 3 --targetConn $TARGET --targetSchema defaultdb.public
  The reason was mended: apply it, and let what waits behind it follow:
    tsmolt replicator dlq retry 3 --targetConn $TARGET --targetSchema defaultdb.public
  It must never be applied: take it away:
    tsmolt replicator dlq skip 3 --targetConn $TARGET --targetSchema defaultdb.public

Exit codes: 0 done, 1 failed, 2 wrong use.`;

/** @param exit takes the exit code when the command has run */
export function dlqCommand(exit: (code: number) => void): Command {
  const run = async (work: () => Promise<string>): Promise<void> => {
    try {
      process.stdout.write(await work());
      exit(0);
    } catch (thrown) {
      writeError(thrown);
      exit(1);
    }
  };
  const list = withTarget(
    new Command('list').description('List changes that were given up, the newest last.'),
  )
    .option('-n, --num-results <n>', 'number of results', positiveInteger, 100)
    .action((flags: DlqFlags) =>
      run(async () => {
        const { listDeadLetters } = await import('../../replication/dead-letters.js');
        const letters = await listDeadLetters(flags, flags.numResults ?? 100);
        return flags.json === true ? `${JSON.stringify(letters, undefined, 2)}\n` : listed(letters);
      }),
    );
  const about = (name: 'show' | 'retry' | 'skip', description: string): Command =>
    withTarget(new Command(name).description(description).argument('<id>', 'as the list shows it')).action(
      (id: string, flags: DlqFlags) =>
        run(async () => {
          const { showDeadLetter, retryLetter, skipLetter } =
            await import('../../replication/dead-letters.js');
          const letter = await { show: showDeadLetter, retry: retryLetter, skip: skipLetter }[name](
            flags,
            id,
          );
          if (flags.json === true || name === 'show') return `${JSON.stringify(letter, undefined, 2)}\n`;
          return `${name === 'retry' ? 'applied' : 'skipped'}: ${line(letter)}`;
        }),
    );
  return new Command('dlq')
    .description('Look after dead letters: changes that the target refused again and again.')
    .addCommand(list)
    .addCommand(about('show', 'Print one, whole.'))
    .addCommand(
      about(
        'retry',
        'Apply one after all; changes of its row that wait behind it follow by themselves.',
      ).option('--userscript <file>', 'whose onWrite writes the row, where the replication runs with one'),
    )
    .addCommand(about('skip', 'Take one away without applying it.'))
    .addHelpText('after', examples);
}

function withTarget(command: Command): Command {
  return command
    .requiredOption('--targetConn <url>', 'connection string of the target database')
    .requiredOption('--targetSchema <schema>', 'schema of the target: database.schema')
    .option('--dlqTableName <name>', 'table of dead letters', replicationDefaults.dlqTableName)
    .option('--json', 'for machines');
}

function listed(letters: readonly DeadLetter[]): string {
  return letters.length === 0 ? 'There are no dead letters.\n' : letters.map(line).join('');
}

function line({ id, table, key, kind, attempts, reason, position }: DeadLetter): string {
  return `${id}  ${kind} of ${displayName(table)} ${key} at ${position}, given up after ${attempts} attempts: ${reason}\n`;
}
