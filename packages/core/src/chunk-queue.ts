import type { ChangeChunk, ChangeEvent } from './ports/change-source.js';

/** What a chunk may hold where nobody waits for it: enough that handing it over costs little beside its events. */
const mostChunkBytes = 256 * 1024;

/** The tap on the way from the server. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** Says, behind all events that were added, how far the source has come; undefined where it has nothing to say. */
  heartbeat?(): ChangeEvent | undefined;
}

/** About what an event holds in memory without its values, and what each of them costs beside its text. */
const eventBytes = 200;
const valueBytes = 40;

function overheadOf(event: ChangeEvent): number {
  if (!('values' in event) || event.encoded !== undefined) return eventBytes;
  return eventBytes + valueBytes * (event.values.length + (event.before?.length ?? 0));
}

interface OpenChunk {
  events: ChangeEvent[];
  bytes: number;
}

/**
 * Events on their way from the server to the reader, in order. Where more wait than may, the flow is paused until half of
 * them are gone.
 *
 * What a server has sent already is taken whole: it is the socket's read size, or one message, beyond the limit.
 */
export class ChunkQueue {
  readonly #limit: number;
  readonly #chunkBytes: number;
  readonly #flow: Flow;
  readonly #closed: OpenChunk[] = [];
  #open: OpenChunk = { events: [], bytes: 0 };
  #held = 0;
  #paused = false;
  #end: { readonly failure?: unknown } | undefined;
  #wake: (() => void) | undefined;
  /** The reader is woken after everything that the same read of the socket brings: under TLS each change comes by itself. */
  #waking = false;
  #touched = false;

  constructor(limitBytes: number, flow: Flow) {
    this.#limit = limitBytes;
    this.#chunkBytes = Math.min(mostChunkBytes, Math.ceil(limitBytes / 4));
    this.#flow = flow;
  }

  /** @param bytes of its values, as they came */
  add(event: ChangeEvent, bytes: number): void {
    if (this.#end !== undefined) return;
    const held = bytes + overheadOf(event);
    this.#open.events.push(event);
    this.#open.bytes += held;
    this.#held += held;
    if (this.#open.bytes >= this.#chunkBytes) this.#closeChunk();
    if (this.#held >= this.#limit && !this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
    this.touch();
  }

  /** Something came: a reader that waits is woken, and the heartbeat is asked for. */
  touch(): void {
    this.#touched = true;
    if (this.#wake === undefined || this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      this.#wakeReader();
    });
  }

  /** Nothing more comes; what waits is still given out before. */
  fail(failure: unknown): void {
    this.#end ??= { failure };
    this.#wakeReader();
  }

  /** Nothing more comes, and nothing of what waits is wanted. */
  drop(): void {
    this.#end = {};
    this.#closed.length = 0;
    this.#open = { events: [], bytes: 0 };
    this.#wakeReader();
  }

  /** The next chunk, or undefined at the end. @throws what it ended with */
  async next(): Promise<ChangeChunk | undefined> {
    for (;;) {
      const chunk = this.#take();
      if (chunk !== undefined) return chunk;
      if (this.#end !== undefined) {
        if ('failure' in this.#end) throw this.#end.failure;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #take(): ChangeChunk | undefined {
    if (this.#closed.length === 0) {
      this.#beat();
      if (this.#open.events.length > 0) this.#closeChunk();
    }
    const chunk = this.#closed.shift();
    if (chunk === undefined) return undefined;
    this.#held -= chunk.bytes;
    if (this.#paused && this.#held <= this.#limit / 2) {
      this.#paused = false;
      this.#flow.resume();
    }
    return chunk;
  }

  #beat(): void {
    if (!this.#touched || this.#end !== undefined) return;
    this.#touched = false;
    const event = this.#flow.heartbeat?.();
    if (event === undefined) return;
    this.#open.events.push(event);
    this.#open.bytes += eventBytes;
    this.#held += eventBytes;
  }

  #closeChunk(): void {
    this.#closed.push(this.#open);
    this.#open = { events: [], bytes: 0 };
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
