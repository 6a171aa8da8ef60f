import { setTimeout as delay } from 'node:timers/promises';
import { ChunkQueue, TsmoltError } from '@tsmolt/core';
import type { ChangeChunk, ChangeOptions, ErrorCode, TransactionSpill } from '@tsmolt/core';
import type { Server, SessionPool } from '@tsmolt/pgwire';
import { logEnd } from './log-end.js';
import { MessageIntake } from './message-intake.js';
import { PgoutputDecoder } from './pgoutput.js';
import { ReaderFlow } from './reader-flow.js';
import type { PublicationWatch } from './publication-watch.js';
import { readSlot, refuseBeyond, refuseForgotten } from './slot.js';
import type { Slot } from './slot.js';
import { waitUntilFree } from './slot-reader.js';
import type { StreamedTables } from './streamed-tables.js';
import { StreamedTransactions } from './streamed-transactions.js';
import type { StreamListener } from './walsender.js';
import { Walsender } from './walsender.js';

/** The first version that sends transactions while they run. */
const streamingVersion = 140_000;

/** How often at most the source is asked for what it does not say by itself. */
const lookEveryMs = 500;
/** What is no failure to look. */
const watchedFor: ReadonlySet<ErrorCode> = new Set(['TSM5002', 'TSM5003', 'TSM7005']);

/** What all streams of a source share. */
export interface StreamParts {
  readonly server: Server;
  /** Sessions beside the stream. */
  readonly pool: SessionPool;
  readonly options: ChangeOptions;
  readonly slot: string;
  readonly publication: string;
  readonly tables: StreamedTables;
  readonly watch: PublicationWatch;
  readonly streaming: Streaming;
}

/** Whether transactions may come while they run. One for all streams of a database that a process opens. */
export interface Streaming {
  allowed: boolean;
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
  readonly #flow: ReaderFlow;
  readonly #queue: ChunkQueue;
  readonly #ended = new AbortController();
  #left: Promise<void> | undefined;
  #broken = false;

  constructor(parts: StreamParts, acknowledgement: Acknowledgement) {
    this.#parts = parts;
    this.#acknowledgement = acknowledgement;
    this.#walsender = new Walsender(parts.server);
    this.#flow = new ReaderFlow(this.#walsender);
    this.#queue = new ChunkQueue(parts.options.bufferBytes, this.#flow);
  }

  /** @param wanted where to begin; undefined for where the slot stands */
  async open(wanted: bigint | undefined): Promise<void> {
    const { pool, slot: name, publication, options } = this.#parts;
    const slot = await readSlot(pool, name);
    const from = wanted ?? slot.confirmed;
    refuseForgotten(slot, from);
    refuseBeyond(await logEnd(pool), from);
    await this.#walsender.connect();
    if (options.decodingBytes !== undefined) await this.#walsender.allowMemory(options.decodingBytes);
    // Before it reads, so that no session does that nobody knows of; where the slot is not free, it will not read.
    if (slot.reader === undefined) await options.reader?.save(await this.#walsender.session());
    const spill = this.#spill;
    await spill?.clear();
    const request = {
      slot: name,
      publication,
      from,
      statusEveryMs: options.acknowledgeEveryMs,
      streaming: spill !== undefined,
    };
    await this.#walsender.start(request, this.#listener(from, slot, spill));
    // Now that nobody else can move the slot any more.
    refuseForgotten(await readSlot(pool, name), from);
    void this.#lookAfter();
  }

  /** Until it is left. */
  async #lookAfter(): Promise<void> {
    const { signal } = this.#ended;
    for (;;) {
      try {
        await delay(Math.max(lookEveryMs, this.#parts.options.acknowledgeEveryMs), undefined, { signal });
        await this.#parts.watch.look();
      } catch (thrown) {
        if (signal.aborted) return;
        // A server that cannot be asked now is asked again.
        if (thrown instanceof TsmoltError && watchedFor.has(thrown.code)) return this.#fail(thrown);
      }
    }
  }

  /** Ends it with what the server knows nothing of: it has to let go of the slot. */
  #fail(failure: unknown): void {
    this.#walsender.break(failure);
    this.#broken = false;
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
    this.#ended.abort();
    this.#flow.open();
    const { processId } = this.#walsender;
    await this.#walsender.stop();
    if (processId === undefined || this.#broken) return;
    // A server that is gone keeps no slot; whoever comes next finds out the rest.
    await waitUntilFree(this.#parts.pool, this.#parts.slot, processId).catch(() => undefined);
  }

  /** Unset where transactions come when they have ended. */
  get #spill(): TransactionSpill | undefined {
    const { server, options, streaming } = this.#parts;
    return streaming.allowed && server.versionNumber >= streamingVersion ? options.spill : undefined;
  }

  #listener(from: bigint, { confirmed }: Slot, spill: TransactionSpill | undefined): StreamListener {
    const decoder = new PgoutputDecoder({
      tables: this.#parts.tables,
      from,
      emit: (event, bytes) => this.#queue.add(event, bytes),
    });
    const intake = spill === undefined ? undefined : this.#intake(decoder, spill);
    return {
      message: (bytes, start, end) =>
        intake === undefined
          ? decoder.decode(bytes, start, end)
          : intake.message(bytes.subarray(start, end), 0),
      keepalive: (position, at) => (intake ?? decoder).heartbeat(position, at),
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

  #intake(decoder: PgoutputDecoder, spill: TransactionSpill): MessageIntake {
    const { signal } = this.#ended;
    const transactions = new StreamedTransactions({
      spill,
      decode: (message, offset) => decoder.decode(message, offset, message.length),
      ready: () => this.#flow.ready(),
      signal,
    });
    const fail = (failure: unknown): void => this.#fail(failure);
    return new MessageIntake({ decoder, transactions, tap: this.#walsender, fail, signal });
  }
}
