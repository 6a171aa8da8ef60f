import { TsmoltError } from '@tsmolt/core';
import type { TransactionSpill } from '@tsmolt/core';
import { RolledBack } from './rolled-back.js';
import { PieceReader, PieceWriter } from './spilled-messages.js';

/** Kinds of messages, by their first byte: those about running transactions, and two that no event is made of. */
const kind = {
  streamStart: 0x53, streamStop: 0x45, streamCommit: 0x63, streamAbort: 0x41, begin: 0x42, commit: 0x43,
  message: 0x4d, origin: 0x4f,
} as const; // prettier-ignore

export interface StreamedTransactionsParts {
  readonly spill: TransactionSpill;
  /** Takes a message of an ordinary transaction. */
  readonly decode: (message: Buffer, offset: number) => void;
  /** Where the reader has enough for now: resolves when it takes more. */
  readonly ready: () => Promise<void> | undefined;
  /** Fired, nothing more is decoded. */
  readonly signal: AbortSignal;
}

/**
 * Transactions that the server sends while they run (pgoutput, protocol version 2).
 *
 * Their messages come in blocks, several transactions by turns. They go to the spill as they are, and are decoded when
 * the transaction has been committed, as if they had come then: what a Relation message announces counts for the
 * transactions behind this commit, and for nobody where the transaction is rolled back. That is also how the server
 * reckons: it sends a shape once for each running transaction, again behind a savepoint that was rolled back, and, behind
 * the commit, not again.
 *
 * Source: PostgreSQL manual, "Logical Replication Message Formats".
 */
export class StreamedTransactions {
  readonly #parts: StreamedTransactionsParts;
  readonly #pieces = new PieceWriter();
  /** The transactions that run, and what of each was rolled back. */
  readonly #running = new Map<number, RolledBack>();
  /** The transaction of the block that is being read. */
  #block: number | undefined;

  constructor(parts: StreamedTransactionsParts) {
    this.#parts = parts;
  }

  /** Whether what comes belongs to a transaction that runs. */
  get inBlock(): boolean {
    return this.#block !== undefined;
  }

  /**
   * @param bytes gone when this returns
   * @returns where it takes time: when it is done; no other message may be given before
   * @throws TsmoltError as the decoder, in time or later
   */
  take(bytes: Buffer, offset: number): Promise<void> | undefined {
    switch (bytes[offset]) {
      case kind.streamStart:
        return this.#start(bytes.readUInt32BE(offset + 1));
      case kind.streamStop:
        return this.#stop();
      case kind.streamCommit:
        return this.#commit(Buffer.from(bytes.subarray(offset)));
      case kind.streamAbort:
        return this.#abort(bytes.readUInt32BE(offset + 1), bytes.readUInt32BE(offset + 5));
      default:
        if (this.#block !== undefined) return this.#keep(bytes, offset);
        this.#parts.decode(bytes, offset);
        return undefined;
    }
  }

  #start(transaction: number): undefined {
    this.#block = transaction;
    if (!this.#running.has(transaction))
      this.#running.set(transaction, new RolledBack(this.#parts.spill, String(transaction)));
  }

  #stop(): Promise<void> | undefined {
    const transaction = this.#block;
    const rest = this.#pieces.rest();
    this.#block = undefined;
    return rest === undefined || transaction === undefined ? undefined : this.#append(transaction, [rest]);
  }

  /** Behind the kind there is the transaction or subtransaction, except in an Origin message. */
  #keep(bytes: Buffer, offset: number): Promise<void> | undefined {
    const letter = bytes.readUInt8(offset);
    if (this.#block === undefined || letter === kind.origin || letter === kind.message) return undefined;
    const full = this.#pieces.add(bytes.readUInt32BE(offset + 1), letter, bytes.subarray(offset + 5));
    return full.length === 0 ? undefined : this.#append(this.#block, full);
  }

  async #append(transaction: number, pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) await this.#parts.spill.append(String(transaction), piece);
  }

  /** Sent for each subtransaction that wrote something, also for those inside of another one. */
  #abort(transaction: number, subtransaction: number): Promise<void> | undefined {
    if (transaction !== subtransaction) return this.#running.get(transaction)?.add(subtransaction);
    return this.#running.delete(transaction) ? this.#parts.spill.drop(String(transaction)) : undefined;
  }

  async #commit(streamCommit: Buffer): Promise<void> {
    const { decode, spill, signal } = this.#parts;
    const transaction = streamCommit.readUInt32BE(1);
    const rolledBack = this.#running.get(transaction);
    if (rolledBack === undefined) throw neverBegun(transaction);
    this.#running.delete(transaction);
    decode(beginOf(streamCommit), 0);
    await this.#replay(transaction, rolledBack);
    if (signal.aborted) return;
    decode(commitOf(streamCommit), 0);
    await spill.drop(String(transaction));
  }

  async #replay(transaction: number, rolledBack: RolledBack): Promise<void> {
    const { decode, ready, spill, signal } = this.#parts;
    const reader = new PieceReader();
    for await (const piece of spill.read(String(transaction))) {
      for (const { message } of await rolledBack.without(reader.messages(piece))) {
        decode(message, 0);
        const full = ready();
        if (full === undefined) continue;
        await full;
        if (signal.aborted) return;
      }
    }
    reader.end();
  }
}

/** Stream Commit: kind, transaction, flags, commit, end, time. Begin: kind, commit, time, transaction. */
function beginOf(streamCommit: Buffer): Buffer {
  const [commit, time] = [streamCommit.subarray(6, 14), streamCommit.subarray(22, 30)];
  return Buffer.concat([Buffer.of(kind.begin), commit, time, streamCommit.subarray(1, 5)]);
}

/** A Commit has what a Stream Commit has behind the transaction. */
function commitOf(streamCommit: Buffer): Buffer {
  return Buffer.concat([Buffer.of(kind.commit), streamCommit.subarray(5)]);
}

function neverBegun(transaction: number): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `the server committed transaction ${transaction} as a streamed one, and had never sent any of it`,
    advice: 'Please report this with the version of the server.',
  });
}
