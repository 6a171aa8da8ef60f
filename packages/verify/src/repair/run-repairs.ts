import { asTsmoltError, withRetry } from '@tsmolt/core';
import type { Logger, RowRepairer, TsmoltError } from '@tsmolt/core';
import type { AppliedRepairs } from '../report.js';
import { statementsPerTransaction } from './repair-file.js';
import type { RepairEntry, RepairPart, RepairSpool } from './repair-spool.js';

export interface RunRepairs {
  readonly repairer: RowRepairer;
  readonly spool: RepairSpool;
  readonly order: readonly RepairPart[];
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

type Outcome = Pick<AppliedRepairs, 'changedRows' | 'withoutEffect' | 'refused'>;

/** Refused statements whose reason is logged. */
const namedRefusals = 20;

/**
 * Runs the statements in order, in small transactions. Where one is refused, those of its transaction are run one by one;
 * what was refused is tried again as long as that helps: a row may refer to one that comes later.
 */
export async function runRepairs(run: RunRepairs): Promise<Outcome> {
  let outcome: Outcome = { changedRows: 0, withoutEffect: 0, refused: 0 };
  let { order } = run;
  for (let pass = 0; ; pass++) {
    const again: RepairPart[] = [];
    let before = 0;
    let refused = 0;
    for (const part of order) {
      // The parts of a further pass are kept beside those of the first.
      const next = { ...part, table: part.table + passOffset };
      before += run.spool.count(part);
      for await (const group of run.spool.groups(part, statementsPerTransaction)) {
        const result = await runGroup(run, group);
        outcome = {
          ...outcome,
          changedRows: outcome.changedRows + result.changedRows,
          withoutEffect: outcome.withoutEffect + result.withoutEffect,
        };
        refused += result.refused.length;
        await run.spool.add(
          next,
          result.refused.map(({ entry }) => entry),
        );
        if (pass === 0) logRefusals(run.logger, result.refused);
      }
      if (run.spool.count(next) > 0) again.push(next);
    }
    if (refused === 0 || refused === before) return { ...outcome, refused };
    order = again;
  }
}

const passOffset = 1_000_000;

interface Refusal {
  readonly entry: RepairEntry;
  readonly error: TsmoltError;
}

interface GroupOutcome {
  readonly changedRows: number;
  readonly withoutEffect: number;
  readonly refused: readonly Refusal[];
}

async function runGroup(run: RunRepairs, group: readonly RepairEntry[]): Promise<GroupOutcome> {
  try {
    const { repairer, signal } = run;
    const statements = group.map(({ statement }) => statement);
    // Statements may be repeated, whatever became of their transaction: that is what their conditions are for.
    const onRetry = (error: TsmoltError, attempt: number): void =>
      run.logger.warn({ code: error.code, attempt }, `${error.message}; trying again`);
    const changed = await withRetry(() => repairer.run(statements, signal), { signal, onRetry });
    return {
      changedRows: changed.reduce((sum, rows) => sum + rows, 0),
      withoutEffect: changed.filter((rows) => rows === 0).length,
      refused: [],
    };
  } catch (thrown) {
    const error = asTsmoltError(thrown);
    if (!isRefusal(error)) throw error;
    const [entry, ...others] = group;
    if (entry !== undefined && others.length === 0)
      return { changedRows: 0, withoutEffect: 0, refused: [{ entry, error }] };
    return oneByOne(run, group);
  }
}

/** A row that the server does not take, by a constraint, a type or a trigger; what concerns all rows is none. */
function isRefusal({ code }: TsmoltError): boolean {
  return code === 'TSM4001' || code === 'TSM9001' || code === 'TSM3008';
}

/** Again and again, forwards and backwards, while that helps: rows may refer to one another. */
async function oneByOne(run: RunRepairs, group: readonly RepairEntry[]): Promise<GroupOutcome> {
  let [changedRows, withoutEffect] = [0, 0];
  let open: readonly Refusal[] = [];
  for (let entries = group, backwards = false; ; backwards = true) {
    const refused: Refusal[] = [];
    for (const entry of entries) {
      const one = await runGroup(run, [entry]);
      changedRows += one.changedRows;
      withoutEffect += one.withoutEffect;
      refused.push(...one.refused);
    }
    open = refused;
    if (open.length === 0 || (backwards && open.length === entries.length)) break;
    entries = open.map(({ entry }) => entry).toReversed();
  }
  return { changedRows, withoutEffect, refused: open };
}

function logRefusals(logger: Logger, refused: readonly Refusal[]): void {
  for (const { entry, error } of refused.slice(0, namedRefusals)) {
    logger.warn({ code: error.code, primary_key: entry.key }, `a repair is refused: ${error.message}`);
  }
}
