import type { BatchWriter } from '../apply/batch-writer.js';
import type { ReplicationOptions } from '../options.js';
import type { TargetSchema } from '../apply/target-schema.js';
import { sweep } from '../apply/waiting-changes.js';
import type { BlockedRows } from '../apply/waiting-changes.js';

/** An hour: what was applied need not be forgotten sooner. */
const retireEveryMs = 3_600_000;

/** Tries the changes that wait in staging from time to time, and forgets what was applied long ago. */
export class Waiting {
  readonly #options: ReplicationOptions;
  readonly #writer: BatchWriter;
  readonly #schema: TargetSchema;
  readonly #blocked: BlockedRows;
  #sweptAt = performance.now();
  #retiredAt = Number.NEGATIVE_INFINITY;

  constructor({
    options,
    writer,
    schema,
    blocked,
  }: {
    options: ReplicationOptions;
    writer: BatchWriter;
    schema: TargetSchema;
    blocked: BlockedRows;
  }) {
    this.#options = options;
    this.#writer = writer;
    this.#schema = schema;
    this.#blocked = blocked;
  }

  async lookAfter(): Promise<void> {
    const now = performance.now();
    if (this.#blocked.any && now - this.#sweptAt >= this.#options.quiescentMs) await this.sweep();
    if (now - this.#retiredAt < retireEveryMs) return;
    this.#retiredAt = now;
    await this.#options.staging.retire(this.#options.retireAfterMs);
  }

  /** Tries all that wait, and finds out anew which rows have to. @returns what is left */
  async sweep(): Promise<{ readonly waiting: number; readonly deadLetters: number }> {
    const { staging, target, targetSchema, deadLetterTable, maxRetries, logger, metrics } = this.#options;
    const deadLetters = target.deadLetters?.({ schema: targetSchema, table: deadLetterTable });
    if (deadLetters === undefined) return { waiting: 0, deadLetters: 0 };
    const { applied, waiting, parked } = await sweep(
      {
        staging,
        deadLetters,
        tables: this.#schema.tables,
        steps: this.#schema.steps,
        maxRetries,
        logger,
        transaction: (work) => this.#writer.transaction(work),
      },
      this.#blocked,
    );
    this.#sweptAt = performance.now();
    metrics.waiting(waiting);
    if (applied + waiting + parked > 0) {
      logger.info({ applied, waiting, parked }, 'changes that waited were tried again');
    }
    return { waiting, deadLetters: (await deadLetters.list(Number.MAX_SAFE_INTEGER)).length };
  }
}
