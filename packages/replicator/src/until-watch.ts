import type { ChangeSource } from '@tsmolt/core';
import { hasReached } from './stream.js';
import type { Stream } from './stream.js';

/** So long may a source be silent before somebody who waits for the end is told of it. */
const silentMs = 10_000;

/**
 * Says what a run with `--until` waits for, where nothing more comes: a position that the source has yet to reach, or a
 * transaction that it counts already and gives out when it is committed.
 */
export class UntilWatch {
  readonly #stream: Pick<Stream, 'until'> & { readonly options: Pick<Stream['options'], 'logger'> };
  #position: string | undefined;
  #since = Number.NEGATIVE_INFINITY;
  #told = false;

  constructor(stream: Pick<Stream, 'until'> & { readonly options: Pick<Stream['options'], 'logger'> }) {
    this.#stream = stream;
  }

  /** @param now by the clock of `performance` */
  lookAfter(
    source: Pick<ChangeSource, 'compare'>,
    position: string | undefined,
    now = performance.now(),
  ): void {
    const { until, options } = this.#stream;
    if (until === undefined || this.#told) return;
    if (position !== this.#position || this.#since === Number.NEGATIVE_INFINITY) {
      this.#position = position;
      this.#since = now;
    }
    if (now - this.#since < silentMs || (position !== undefined && hasReached(source, position, until)))
      return;
    this.#told = true;
    options.logger.warn(
      { position, until },
      'nothing more comes, and --until is not reached: the source has yet to commit what lies between, in a prepared transaction perhaps, or it never had it',
    );
  }
}
