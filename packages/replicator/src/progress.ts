import type { ChangeSource, Logger } from '@tsmolt/core';

/** How far the stream has come. Four different things: none may stand for another. */
export interface Positions {
  /** The end of the last transaction that was read. */
  received: string | undefined;
  /** Everything before it is on the target, or waits in staging; whoever reads there sees it. */
  applied: string | undefined;
  /** As `applied`, and a restart goes on from here. */
  durable: string | undefined;
  /** What the source was told. */
  acknowledged: string | undefined;
  /** The source's clock at `applied`, in milliseconds since 1970. */
  appliedAt: number | undefined;
}

/** A position, and the source's clock there. */
export interface Reached {
  readonly position: string;
  readonly at: number;
}

/** Nothing was read yet. */
export function startPositions(start: string | undefined): Positions {
  return { received: start, applied: start, durable: start, acknowledged: undefined, appliedAt: undefined };
}

/** Keeps the positions of a stream and tells the source what it may forget. */
export class Progress {
  readonly positions: Positions;
  readonly #save: (position: string) => Promise<void>;
  readonly #logger: Logger;
  readonly #message: string;
  #savedAt = 0;

  /** @param save makes a position durable where nothing was written together with it */
  constructor({
    start,
    save,
    logger,
    message,
  }: {
    start: string | undefined;
    save: (position: string) => Promise<void>;
    logger: Logger;
    /** The reference's words: `progressed to LSN:`, `progressed to consistent point:`. */
    message: string;
  }) {
    this.positions = startPositions(start);
    this.#save = save;
    this.#logger = logger;
    this.#message = message;
  }

  /** Forgets what was not made durable: it will be read again. */
  restart(durable: string | undefined): void {
    Object.assign(this.positions, { received: durable, applied: durable, durable });
  }

  received(position: string): void {
    this.positions.received = position;
  }

  /** Whether it is time again to make durable how far it has come, and to tell the source. */
  isDue(everyMs: number): boolean {
    return performance.now() - this.#savedAt >= everyMs;
  }

  /** A batch and its checkpoint are on the target; unless `lazy`, also on its disk, and all batches before with them. */
  wrote({ position, at }: Reached, source: ChangeSource, lazy: boolean): void {
    this.positions.applied = position;
    this.positions.appliedAt = at;
    this.#logger.debug(`${this.#message} ${position}`);
    if (!lazy) this.#durable(position, source);
  }

  /** Nothing was to be written up to here; a checkpoint for it is not worth a transaction each time. */
  async passed({ position, at }: Reached, source: ChangeSource, atMostEveryMs: number): Promise<void> {
    this.positions.applied = position;
    this.positions.appliedAt = at;
    if (this.isDue(atMostEveryMs)) await this.settle(source);
  }

  /** Makes durable how far it has come. */
  async settle(source: ChangeSource): Promise<void> {
    const { applied, durable } = this.positions;
    if (applied === undefined || applied === durable) return;
    await this.#save(applied);
    this.#durable(applied, source);
    this.#logger.trace(`${this.#message} ${applied}`);
  }

  #durable(position: string, source: ChangeSource): void {
    this.positions.durable = position;
    this.#savedAt = performance.now();
    source.acknowledge(position);
    this.positions.acknowledged = position;
  }
}
