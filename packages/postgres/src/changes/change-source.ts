import { TsmoltError } from '@tsmolt/core';
import type { ChangeChunk, ChangeLog, ChangeSource, PartialOrder } from '@tsmolt/core';
import { changeLog } from './change-log.js';
import { ChangeStream } from './change-stream.js';
import type { StreamParts } from './change-stream.js';
import { positionNumber, printPosition } from './log-position.js';
import { advanceSlot, retainedBy } from './slot.js';
import { refuseLeft } from './timelines.js';
import { explainStream } from './stream-errors.js';

export interface ChangeSourceParts extends StreamParts {
  readonly identity: string;
  /** Unset on a standby: it goes to another one when it is promoted, and streams on. */
  readonly timeline: number | undefined;
  /** The history file of that timeline, which the first one does not have. */
  readonly historyOf: () => Promise<string>;
  readonly warnings: readonly string[];
}

/** The changes that a replication slot gives out through pgoutput. */
export class PostgresChangeSource implements ChangeSource {
  readonly identity: string;
  readonly history: string;
  readonly setup: string;
  readonly warnings: readonly string[];
  readonly #parts: ChangeSourceParts;
  readonly #log: ChangeLog;
  readonly #streams = new Set<ChangeStream>();
  #closed = false;
  #acknowledged = 0n;
  /** What the server has been told. */
  #told = 0n;

  constructor(parts: ChangeSourceParts) {
    this.#parts = parts;
    this.#log = changeLog(parts.pool);
    this.identity = parts.identity;
    this.history = parts.timeline === undefined ? '' : String(parts.timeline);
    this.setup = parts.watch.setup;
    this.warnings = parts.warnings;
  }

  get shapes(): string {
    return this.#parts.tables.shapes(this.#acknowledged);
  }

  async *changes(from: string | undefined, signal: AbortSignal): AsyncIterable<ChangeChunk> {
    const start = from === undefined ? undefined : positionNumber(from);
    if (this.#closed || signal.aborted) return;
    const stream = new ChangeStream(this.#parts, { beyond: (confirmed) => this.#tell(confirmed) });
    this.#streams.add(stream);
    const leave = (): void => void stream.leave();
    signal.addEventListener('abort', leave, { once: true });
    try {
      await stream.open(start);
      for (let chunk = await stream.next(); chunk !== undefined; chunk = await stream.next()) yield chunk;
    } catch (thrown) {
      // What breaks because it was told to stop is no failure.
      const told = this.#closed || signal.aborted;
      if (!told) throw this.#explain(thrown);
    } finally {
      signal.removeEventListener('abort', leave);
      await stream.leave();
      this.#streams.delete(stream);
    }
  }

  acknowledge(position: string): void {
    const value = positionNumber(position);
    if (value > this.#acknowledged) this.#acknowledged = value;
  }

  async refuseLeft(earlier: string, position: string): Promise<void> {
    const { timeline: now, historyOf } = this.#parts;
    const timeline = Number(earlier);
    if (now === undefined || timeline === now) return;
    const history = now === 1 ? '' : await historyOf();
    refuseLeft({ position, timeline, now, history });
  }

  alteredSince(setup: string): string | undefined {
    return this.#parts.watch.alteredSince(setup);
  }

  currentPosition(): Promise<string> {
    return this.#log.currentPosition();
  }

  compare(left: string, right: string): PartialOrder {
    return this.#log.compare(left, right);
  }

  retained(): Promise<{ readonly bytes: number; readonly limit?: number; readonly state: string }> {
    return retainedBy(this.#parts.pool, this.#parts.slot);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#streams].map((stream) => stream.leave()));
    if (this.#acknowledged <= this.#told) return;
    this.#told = this.#acknowledged;
    // What the server does not hear it keeps a little longer: no reason to fail.
    await advanceSlot(this.#parts.pool, this.#parts.slot, printPosition(this.#acknowledged)).catch(
      () => undefined,
    );
  }

  /**
   * A server that looks into its catalog as a running transaction sees it may find what a savepoint that was rolled back has
   * left there, and fails, each time again. Once the transaction has been committed it knows what to leave out.
   */
  #explain(thrown: unknown): TsmoltError {
    const { server, slot, options, streaming } = this.#parts;
    const failure = explainStream(thrown, server.url, slot);
    const mayBeStreaming = streaming.allowed && options.spill !== undefined;
    if (!mayBeStreaming || failure.serverCode?.startsWith('XX') !== true) return failure;
    streaming.allowed = false;
    return new TsmoltError('TSM2007', {
      message: failure.message,
      advice: 'It is tried again, with transactions that are sent when they have been committed.',
      cause: failure,
      serverCode: failure.serverCode,
    });
  }

  /** Never a step back: servers before version 18 would let themselves be taken. */
  #tell(confirmed: bigint): bigint {
    if (this.#acknowledged <= confirmed) return 0n;
    this.#told = this.#acknowledged;
    return this.#acknowledged;
  }
}
