import { readFile } from 'node:fs/promises';
import { runSql } from '@tsmolt/testkit';
import { startReplicator } from './replicator.js';
import type { Stream } from './replicator.js';
import type { Finished, Running } from './tsmolt.js';

/** Starts a replicator again whenever it has ended, as systemd would, and keeps what is to be known about all of them. */
export class ReplicatorSupervisor {
  /** Processes that ended without having been told to after they had begun, with the end of what they wrote. */
  readonly ownEnds: string[] = [];
  /** What all of them warned of. */
  readonly warnings: string[] = [];
  readonly #stream: Stream;
  /** The target's address for those who look, without a proxy. */
  readonly #target: string;
  readonly #argsOf: (process: number) => readonly string[];
  #run: Running;
  #watching: Promise<void>;
  #told = false;
  #started = 1;
  #peakBytes = 0;
  readonly #memory: NodeJS.Timeout;

  /** @param argsOf more arguments, for each of the processes, counted from 1 */
  constructor(stream: Stream, target: string, argsOf: (process: number) => readonly string[]) {
    this.#stream = stream;
    this.#target = target;
    this.#argsOf = argsOf;
    this.#run = startReplicator(stream, ...argsOf(1));
    this.#watching = this.#watch(this.#run);
    this.#memory = setInterval(() => void this.#lookAtMemory(), 20);
  }

  /** Processes so far. */
  get started(): number {
    return this.#started;
  }

  /** The most memory that any of them has held, in bytes. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Ends the process with the signal and starts the next one. */
  async interrupt(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.#end(signal);
    this.#start();
  }

  /** Asks the last process to end, and starts none after it. @returns what it said */
  async stop(): Promise<Finished> {
    clearInterval(this.#memory);
    return this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Finished> {
    // A process that is asked before it listens just ends, like every other.
    if (signal === 'SIGTERM') await this.#run.printed(/checkpoint|lease/).catch(() => undefined);
    this.#told = true;
    const run = this.#run;
    run.process.kill(signal);
    await this.#watching;
    const finished = await run.finished;
    // What it takes for a lease to run out is another test's question: here it would take up the time of all others.
    if (signal === 'SIGKILL') await expireLeases(this.#target);
    return finished;
  }

  #start(): void {
    this.#told = false;
    this.#started += 1;
    this.#run = startReplicator(this.#stream, ...this.#argsOf(this.#started));
    this.#watching = this.#watch(this.#run);
  }

  async #watch(run: Running): Promise<void> {
    const { exitCode, stdout, stderr } = await run.finished;
    this.warnings.push(...stdout.split('\n').filter((line) => /^(?:WARN|ERROR)/.test(line)));
    if (this.#told) return;
    // It is right to say so where the first connection fails: whoever mistyped a host name is to hear of it.
    if (hasBegun(stdout) || !/TSM200[17]/.test(stderr))
      this.ownEnds.push(`exit code ${exitCode}: ${stderr}\n${stdout.split('\n').slice(-15).join('\n')}`);
    await expireLeases(this.#target).catch(() => undefined);
    if (!this.#told) this.#start();
  }

  async #lookAtMemory(): Promise<void> {
    const status = await readFile(`/proc/${this.#run.process.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    this.#peakBytes = Math.max(this.#peakBytes, kilobytes * 1024);
  }
}

/** Whether a replicator has come so far that no failure of a connection may end it any more. */
export function hasBegun(stdout: string): boolean {
  return /progressed to|upserted rows|deleted rows/.test(stdout);
}

/** As if the time of all leases were over. A schema that is not there yet has none. */
export async function expireLeases(target: string): Promise<void> {
  await runSql(
    target,
    `DO $$ BEGIN
       IF to_regclass('_replicator.leases') IS NOT NULL THEN UPDATE _replicator.leases SET expires = expires - INTERVAL '1 hour'; END IF;
     END $$`,
  );
}
