import type {
  ChangeChunk,
  ChangeEvent,
  CommitEvent,
  HeartbeatEvent,
  Mutation,
  SchemaEvent,
} from '@tsmolt/core';

/** What a transaction of the source did, in its order. */
export type TransactionEvent = Mutation | SchemaEvent;

/** One committed transaction of the source, whole. */
export interface SourceTransaction {
  readonly events: readonly TransactionEvent[];
  readonly position: string;
  readonly committedAt: number;
}

/** A part of a transaction that is too large to be held whole; the last part has its commit. */
export interface TransactionPart {
  readonly events: readonly TransactionEvent[];
  readonly commit: CommitEvent | undefined;
}

export type Assembled =
  | { readonly kind: 'transaction'; readonly transaction: SourceTransaction; readonly bytes: number }
  | { readonly kind: 'part'; readonly part: TransactionPart; readonly bytes: number }
  | { readonly kind: 'heartbeat'; readonly heartbeat: HeartbeatEvent };

/**
 * Puts the events of the stream together to transactions. Holds one that is open up to so many bytes, and gives a larger one
 * out in parts.
 */
export class TransactionAssembler {
  readonly #maxBytes: number;
  #events: TransactionEvent[] = [];
  #bytes = 0;
  #inParts = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True between the parts of a transaction. */
  get inParts(): boolean {
    return this.#inParts;
  }

  *add({ events, bytes }: ChangeChunk): Generator<Assembled> {
    const perEvent = events.length === 0 ? 0 : bytes / events.length;
    for (const event of events) {
      const done = this.#take(event, perEvent);
      if (done !== undefined) yield done;
    }
  }

  #take(event: ChangeEvent, bytes: number): Assembled | undefined {
    if (event.kind === 'heartbeat') return { kind: 'heartbeat', heartbeat: event };
    this.#bytes += bytes;
    if (event.kind === 'commit') return this.#commit(event);
    // Most transactions are small: a list that is pushed to makes room for seventeen.
    if (this.#events.length === 0) this.#events = [event];
    else this.#events.push(event);
    if (this.#bytes <= this.#maxBytes) return undefined;
    this.#inParts = true;
    return this.#part(undefined);
  }

  #commit(commit: CommitEvent): Assembled {
    if (this.#inParts) {
      this.#inParts = false;
      return this.#part(commit);
    }
    const { position, committedAt } = commit;
    const transaction = { events: this.#events, position, committedAt };
    return { kind: 'transaction', transaction, bytes: this.#empty() };
  }

  #part(commit: CommitEvent | undefined): Assembled {
    const part = { events: this.#events, commit };
    return { kind: 'part', part, bytes: this.#empty() };
  }

  /** @returns the bytes that were held */
  #empty(): number {
    const bytes = this.#bytes;
    this.#events = [];
    this.#bytes = 0;
    return bytes;
  }
}
