import { ChunkQueue } from '@tsmolt/core';
import type { ChangeChunk, ChangeOptions } from '@tsmolt/core';
import type { Server, SessionPool } from '@tsmolt/pgwire';
import { logEnd } from './log-end.js';
import { PgoutputDecoder } from './pgoutput.js';
import { readSlot, refuseBeyond, refuseForgotten, waitUntilFree } from './slot.js';
import type { Slot } from './slot.js';
import type { StreamedTables } from './streamed-tables.js';
import type { StreamListener } from './walsender.js';
import { Walsender } from './walsender.js';

/** What all streams of a source share. */
export interface StreamParts {
  readonly server: Server;
  /** Sessions beside the stream. */
  readonly pool: SessionPool;
  readonly options: ChangeOptions;
  readonly slot: string;
  readonly publication: string;
  readonly tables: StreamedTables;
}

/** What the target has made durable. */
export interface Acknowledgement {
  /** What may be told to the server whose slot has got so far; 0 for nothing. */
  beyond(confirmed: bigint): bigint;
}

/** One connection's changes: what the server sends is decoded as it comes, and waits here for the reader. */
export class ChangeStream {
  readonly #parts: StreamParts;
  readonly #acknowledgement: Acknowledgement;
  readonly #walsender: Walsender;
  readonly #queue: ChunkQueue;
  #left: Promise<void> | undefined;
  #broken = false;

  constructor(parts: StreamParts, acknowledgement: Acknowledgement) {
    this.#parts = parts;
    this.#acknowledgement = acknowledgement;
    this.#walsender = new Walsender(parts.server);
    this.#queue = new ChunkQueue(parts.options.bufferBytes, this.#walsender);
  }

  /** @param wanted where to begin; undefined for where the slot stands */
  async open(wanted: bigint | undefined): Promise<void> {
    const { pool, slot: name, publication, options } = this.#parts;
    const slot = await readSlot(pool, name);
    const from = wanted ?? slot.confirmed;
    refuseForgotten(slot, from);
    refuseBeyond(await logEnd(pool), from);
    await this.#walsender.connect();
    const request = { slot: name, publication, from, statusEveryMs: options.acknowledgeEveryMs };
    await this.#walsender.start(request, this.#listener(from, slot));
    // Now that nobody else can move the slot any more.
    refuseForgotten(await readSlot(pool, name), from);
  }

  /** The next chunk, or undefined once it is left. @throws what broke the connection, behind the last chunk */
  next(): Promise<ChangeChunk | undefined> {
    return this.#queue.next();
  }

  /**
   * Ends it, whatever it waits for, without what still waits for the reader. When it is done the slot is free, so that
   * whoever comes next is not refused. Safe to call twice.
   */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#queue.drop();
    const { processId } = this.#walsender;
    await this.#walsender.stop();
    if (processId === undefined || this.#broken) return;
    // A server that is gone keeps no slot; whoever comes next finds out the rest.
    await waitUntilFree(this.#parts.pool, this.#parts.slot, processId).catch(() => undefined);
  }

  #listener(from: bigint, { confirmed }: Slot): StreamListener {
    const decoder = new PgoutputDecoder({
      tables: this.#parts.tables,
      from,
      emit: (event, bytes) => this.#queue.add(event, bytes),
    });
    return {
      message: (bytes, offset) => decoder.decode(bytes, offset),
      keepalive: (position, at) => decoder.heartbeat(position, at),
      progress: () => ({
        received: decoder.reached,
        acknowledged: this.#acknowledgement.beyond(confirmed),
      }),
      broken: (failure) => {
        this.#broken = true;
        this.#queue.fail(failure);
      },
    };
  }
}
