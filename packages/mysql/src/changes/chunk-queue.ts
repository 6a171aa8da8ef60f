import { performance } from 'node:perf_hooks';
import type { ChangeChunk, ChangeEvent } from '@tsmolt/core';

export interface ChunkQueueOptions {
  /** Bytes that may wait before `pause` is called. */
  readonly bufferBytes: number;
  /** Stops what fills the queue. */
  pause(): void;
  resume(): void;
  /** The event that says how far the source has come, where nothing else said it; undefined for nothing to say. */
  heartbeat(): ChangeEvent | undefined;
}

/** A chunk is handed on when it holds so much, or when nothing more came at once. */
const chunkBytes = 256 * 1024;
const bytesOfEvent = 200;

/** Events between the socket, which pushes, and the reader, which pulls. */
export class ChunkQueue {
  readonly #options: ChunkQueueOptions;
  readonly #chunkBytes: number;
  readonly #chunks: ChangeChunk[] = [];
  #events: ChangeEvent[] = [];
  #eventBytes = 0;
  #waitingBytes = 0;
  #paused = false;
  #flushing = false;
  #end: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;
  #lastHeartbeat = 0;

  constructor(options: ChunkQueueOptions) {
    this.#options = options;
    this.#chunkBytes = Math.min(chunkBytes, Math.max(1, options.bufferBytes / 4));
  }

  push(event: ChangeEvent, bytes = bytesOfEvent): void {
    this.#events.push(event);
    this.#eventBytes += bytes;
    this.#waitingBytes += bytes;
    if (this.#eventBytes >= this.#chunkBytes) this.#cut();
    else this.flushSoon();
    if (!this.#paused && this.#waitingBytes >= this.#options.bufferBytes) {
      this.#paused = true;
      this.#options.pause();
    }
  }

  /** Hands on what there is when all that came at once has been read. */
  flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#beat();
      this.#cut();
    });
  }

  /** Nothing comes any more. Before an error what came before it is read; without one nothing is. */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#cut();
    if (error === undefined) this.#chunks.length = 0;
    this.#end = { error };
    this.#wake?.();
  }

  /** The next chunk; undefined at the end. @throws what `end` was called with */
  async next(): Promise<ChangeChunk | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return this.#handOver(chunk);
      if (this.#end !== undefined) {
        if (this.#end.error === undefined) return undefined;
        throw this.#end.error;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #handOver(chunk: ChangeChunk): ChangeChunk {
    this.#waitingBytes -= chunk.bytes;
    if (this.#paused && this.#waitingBytes < this.#options.bufferBytes / 2) {
      this.#paused = false;
      this.#options.resume();
    }
    return chunk;
  }

  /** Not after every batch: a busy server makes thousands a second. */
  #beat(): void {
    const now = performance.now();
    if (now - this.#lastHeartbeat < leastHeartbeatMs && this.#chunks.length > 0) return;
    const event = this.#options.heartbeat();
    if (event === undefined) return;
    this.#lastHeartbeat = now;
    this.#events.push(event);
    this.#eventBytes += bytesOfEvent;
    this.#waitingBytes += bytesOfEvent;
  }

  #cut(): void {
    if (this.#events.length === 0) return;
    this.#chunks.push({ events: this.#events, bytes: this.#eventBytes });
    this.#events = [];
    this.#eventBytes = 0;
    this.#wake?.();
  }
}

const leastHeartbeatMs = 100;
