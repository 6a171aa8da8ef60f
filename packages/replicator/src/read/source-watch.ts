import { asTsmoltError } from '@tsmolt/core';
import type { ChangeSource } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';

const everyMs = 30_000;

/** Without a limit on the source, so much log that is kept for one stream is worth a word. */
const noticeable = 4 * 1024 ** 3;

/** Warns while there is still time, when the source keeps more and more of its log for this stream. */
export class SourceWatch {
  readonly #options: Pick<ReplicationOptions, 'logger' | 'metrics'>;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: Pick<ReplicationOptions, 'logger' | 'metrics'>) {
    this.#options = options;
  }

  async lookAfter(source: ChangeSource): Promise<void> {
    if (source.retained === undefined || performance.now() - this.#lookedAt < everyMs) return;
    this.#lookedAt = performance.now();
    const { logger, metrics } = this.#options;
    try {
      const { bytes, limit, state } = await source.retained();
      metrics.retained(bytes);
      const full = limit === undefined ? bytes > noticeable : bytes > limit / 2;
      if (!full) return;
      logger.warn(
        { retained_bytes: bytes, ...(limit === undefined ? {} : { limit_bytes: limit }), state },
        'the source keeps much of its log for this stream: its disk may fill up, or it may give the stream up',
      );
    } catch (thrown) {
      logger.debug({ reason: asTsmoltError(thrown).message }, 'cannot see how much log the source keeps');
    }
  }
}
