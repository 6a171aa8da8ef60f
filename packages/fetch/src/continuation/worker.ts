import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { stoppedOnRequest } from '@tsmolt/core';
import type { FetchStatus, Logger } from '@tsmolt/core';
import type { FetchOptions } from '../options.js';

/** How long a worker that says nothing counts as alive, in milliseconds. */
const leaseMs = 6000;
const renewalMs = 1500;
/** Two that have seen each other try again at different moments within this time. */
const withdrawalMs = 1000;

/** This process as one of those that may work on a fetch: it says that it lives until it is closed. */
export class Worker {
  readonly id = randomUUID();
  readonly #status: FetchStatus;
  readonly #fetchId: string;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #toldToWait = false;

  private constructor(status: FetchStatus, fetchId: string, logger: Logger) {
    this.#status = status;
    this.#fetchId = fetchId;
    this.#logger = logger;
  }

  /**
   * Waits until no other process is at work on the fetch (one that was killed counts as alive for a few seconds more),
   * and then says that this one is.
   *
   * @throws TsmoltError `TSM1005` when the signal fires meanwhile
   */
  static async start(
    status: FetchStatus,
    options: Pick<FetchOptions, 'fetchId' | 'logger' | 'signal'>,
  ): Promise<Worker> {
    const worker = new Worker(status, options.fetchId, options.logger);
    await worker.#takeFetch(options.signal);
    worker.#timer = setInterval(() => void worker.#renewOrTell(), renewalMs);
    worker.#timer.unref();
    return worker;
  }

  /** Gives all claims back. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#status.endWorker(this.#fetchId, this.id);
  }

  /** Several that wait for the same process see it gone at the same moment: who sees another after it has said that it lives withdraws. */
  async #takeFetch(signal: AbortSignal): Promise<void> {
    for (;;) {
      while (await this.#othersAlive()) await this.#wait(250, signal);
      await this.#renew();
      if (!(await this.#othersAlive())) return;
      await this.#status.endWorker(this.#fetchId, this.id);
      await this.#wait(Math.random() * withdrawalMs, signal);
    }
  }

  #othersAlive(): Promise<boolean> {
    return this.#status.othersAlive(this.#fetchId, this.id);
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#toldToWait)
      this.#logger.info(
        { fetch_id: this.#fetchId },
        'waiting until the process that had this fetch counts as gone; if it still runs, it has to end first',
      );
    this.#toldToWait = true;
    await delay(ms, undefined, { signal }).catch(() => {
      throw stoppedOnRequest();
    });
  }

  #renew(): Promise<void> {
    return this.#status.renewWorker(this.#fetchId, this.id, leaseMs);
  }

  /** A renewal that fails is no reason to end: every unit is fenced, and the next renewal may succeed. */
  async #renewOrTell(): Promise<void> {
    await this.#renew().catch((thrown: unknown) => {
      this.#logger.debug({ cause: String(thrown) }, 'could not renew the lease of this fetch');
    });
  }
}
