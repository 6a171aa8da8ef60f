import { rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { TsmoltError } from '@tsmolt/core';
import type { RowRepairer, Table } from '@tsmolt/core';
import { Findings } from '../findings.js';
import type { RepairOptions, VerifyOptions } from '../options.js';
import type { Comparison } from '../plan-comparison.js';
import type { AppliedRepairs, RepairReport } from '../report.js';
import type { Limits } from '../statement-limits.js';
import { lookAgainAtRepaired } from './look-again.js';
import { createRepairFile, writeRepairFile } from './repair-file.js';
import { repairOrder } from './repair-order.js';
import { RepairSink } from './repair-sink.js';
import { RepairSpool } from './repair-spool.js';
import type { RepairPart } from './repair-spool.js';
import { runRepairs } from './run-repairs.js';

/** Collects the statements of a run, writes them into their file, and runs them where that is wanted. */
export class RepairJob {
  readonly sink: RepairSink;
  readonly #options: VerifyOptions;
  readonly #wish: RepairOptions;
  readonly #repairer: RowRepairer;
  readonly #comparisons: readonly Comparison[];
  readonly #file: FileHandle;
  readonly #spool: RepairSpool;
  #written = false;

  private constructor(parts: {
    readonly options: VerifyOptions;
    readonly wish: RepairOptions;
    readonly repairer: RowRepairer;
    readonly comparisons: readonly Comparison[];
    readonly file: FileHandle;
    readonly spool: RepairSpool;
  }) {
    this.#options = parts.options;
    this.#wish = parts.wish;
    this.#repairer = parts.repairer;
    this.#comparisons = parts.comparisons;
    this.#file = parts.file;
    this.#spool = parts.spool;
    this.sink = new RepairSink(parts.repairer, parts.spool, parts.comparisons);
  }

  /** @throws TsmoltError `TSM4006` when the file exists, `TSM6104` when the target's engine cannot be repaired */
  static async open(
    options: VerifyOptions,
    wish: RepairOptions,
    comparisons: readonly Comparison[],
  ): Promise<RepairJob> {
    const repairer = options.target.rowRepairer;
    if (repairer === undefined) throw cannotRepair(options);
    const file = await createRepairFile(wish.file);
    const spool = await RepairSpool.create(wish.file);
    return new RepairJob({ options, wish, repairer, comparisons, file, spool });
  }

  /**
   * Call it when all tables are compared.
   *
   * @param targets every table of the target: others may refer to those that are repaired
   */
  async finish(targets: readonly Table[], limits: Limits): Promise<RepairReport> {
    const order = this.#order(targets);
    const { unrepairable } = this.sink;
    await writeRepairFile(this.#file, {
      options: this.#options,
      settings: this.#repairer.settings,
      comparisons: this.#comparisons,
      spool: this.#spool,
      order,
      unrepairable,
    });
    this.#written = true;
    const statements = order.reduce((sum, part) => sum + this.#spool.count(part), 0);
    const report = { file: this.#wish.file, statements, unrepairable };
    this.#options.logger.info(
      { repair_file: this.#wish.file, num_statements: statements },
      `wrote ${statements} statements into ${this.#wish.file}`,
    );
    return this.#wish.apply ? { ...report, applied: await this.#apply(order, limits) } : report;
  }

  /** Removes what is left of the work, and the file where it was not written. */
  async close(): Promise<void> {
    await this.#file.close();
    await this.#spool.remove();
    if (!this.#written) await rm(this.#wish.file, { force: true });
  }

  #order(targets: readonly Table[]): RepairPart[] {
    return repairOrder(
      this.#comparisons.map(({ pair }) => pair.target),
      targets,
    ).filter((part) => this.#spool.count(part) > 0);
  }

  async #apply(order: readonly RepairPart[], limits: Limits): Promise<AppliedRepairs> {
    const { logger, signal, live, namedRows, redactValues: redact } = this.#options;
    const outcome = await runRepairs({ repairer: this.#repairer, spool: this.#spool, order, logger, signal });
    const remaining = await lookAgainAtRepaired({
      comparisons: this.#comparisons,
      spool: this.#spool,
      parts: order,
      work: { signal, live, logger, ...limits },
      findingsOf: (comparison) => new Findings({ comparison, namedRows, redact }),
      named: (table, findings) => {
        for (const row of findings.rows) {
          logger.warn(
            { table, primary_key: row.key, columns: row.columns },
            'row that differs after the repair',
          );
        }
      },
    });
    logger.info(
      {
        num_changed_rows: outcome.changedRows,
        num_without_effect: outcome.withoutEffect,
        num_refused: outcome.refused,
        num_remaining: remaining,
      },
      'repair complete',
    );
    return { ...outcome, remaining };
  }
}

function cannotRepair({ target }: VerifyOptions): TsmoltError {
  return new TsmoltError('TSM6104', {
    message: `rows of ${target.product} at ${target.url.host} cannot be repaired`,
    advice: 'Leave --repair-file out: only PostgreSQL and CockroachDB can be repaired.',
  });
}
