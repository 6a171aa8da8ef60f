import { startTsmolt, tsmoltFetch } from './tsmolt.js';
import type { Finished, Running } from './tsmolt.js';

/** What a replication of a test is about. */
export interface Stream {
  readonly command: 'pglogical' | 'mylogical';
  readonly source: string;
  readonly target: string;
  /** `--slotName`, `--publicationName`, `--defaultGTIDSet`. */
  readonly from: readonly string[];
}

/** Loads the target and says where replication has to start, as the seeds' walk-throughs do. */
export async function fetchFrom(source: string, target: string): Promise<Stream> {
  if (source.startsWith('postgres')) {
    const slot = `tsmolt_${new URL(source).pathname.slice(1)}`;
    const done = await tsmoltFetch(
      ...([source, target, '--direct-copy', '--pglogical-replication-slot-name', slot] as const),
      ...[
        '--pglogical-publication-and-slot-drop-and-recreate',
        '--table-handling',
        'drop-on-target-and-recreate',
      ],
    );
    if (done.exitCode !== 0) throw new Error(done.failure);
    return {
      command: 'pglogical',
      source,
      target,
      from: ['--slotName', slot, '--publicationName', 'molt_fetch'],
    };
  }
  const done = await tsmoltFetch(
    source,
    target,
    '--direct-copy',
    '--table-handling',
    'drop-on-target-and-recreate',
  );
  if (done.exitCode !== 0) throw new Error(done.failure);
  const cursor = String(done.line('fetch complete')['cdc_cursor']);
  return { command: 'mylogical', source, target, from: ['--defaultGTIDSet', cursor] };
}

/** Starts `tsmolt replicator` on a stream. Batches are written as soon as they come. */
export function startReplicator(stream: Stream, ...args: readonly string[]): Running {
  return startTsmolt([
    'replicator', stream.command, '--sourceConn', stream.source, '--targetConn', stream.target,
    '--targetSchema', `${new URL(stream.target).pathname.slice(1)}.public`, '--stagingCreateSchema',
    '--flushPeriod', '10ms', '--retryMaxBackoff', '200ms', '-v', ...stream.from, ...args,
  ]); // prettier-ignore
}

/** Replicates everything that the source has committed, and ends. */
export async function catchUp(stream: Stream, ...args: readonly string[]): Promise<Finished> {
  return startReplicator(stream, '--until', 'now', ...args).finished;
}
