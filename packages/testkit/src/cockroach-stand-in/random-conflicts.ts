import type { SeededRandom } from '../data/random.js';
import type { Fault, FaultPoint } from './fault.js';

/** How often something fails, each from 0 (never) up to 1 (always). */
export interface ConflictRates {
  /** Statements within a transaction. */
  readonly statement: number;
  /** COMMITs of transactions. */
  readonly commit: number;
  /** Writes outside transactions. */
  readonly write: number;
}

type Outcome = Pick<Fault, 'outcome' | 'sqlstate' | 'disconnect'>;

const [kept, undone] = [{ outcome: 'kept' }, { outcome: 'undone' }] as const;
const ambiguous = { sqlstate: '40003' } as const;
const disconnect = { disconnect: true } as const;

/** By what is told of them. A statement of its own the cluster repeats by itself, so that its client hears of no conflict. */
const kinds = {
  statement: { 'conflict at a statement': undone },
  commit: {
    'conflict at COMMIT': undone,
    'ambiguous COMMIT that happened': { ...kept, ...ambiguous },
    'ambiguous COMMIT that did not happen': { ...undone, ...ambiguous },
    'unanswered COMMIT that happened': { ...kept, ...disconnect },
    'unanswered COMMIT that did not happen': { ...undone, ...disconnect },
  },
  write: {
    'ambiguous write that happened': { ...kept, ...ambiguous },
    'ambiguous write that did not happen': { ...undone, ...ambiguous },
  },
} as const satisfies Record<keyof ConflictRates, Record<string, Outcome>>;

type Occasion = keyof typeof kinds;

/** Source: CockroachDB manual, "Transaction Retry Error Reference". */
const reasons = [
  'TransactionRetryError: retry txn (RETRY_SERIALIZABLE - failed preemptive refresh)',
  'TransactionRetryError: retry txn (RETRY_WRITE_TOO_OLD)',
  'TransactionRetryError: retry txn (RETRY_ASYNC_WRITE_FAILURE)',
  'TransactionRetryError: retry txn (RETRY_COMMIT_DEADLINE_EXCEEDED)',
  'ReadWithinUncertaintyIntervalError: read encountered a later write',
  'TransactionAbortedError(ABORT_REASON_CLIENT_REJECT)',
  'TransactionAbortedError(ABORT_REASON_ABORTED_RECORD_FOUND)',
  'TransactionAbortedError(ABORT_REASON_PUSHER_ABORTED)',
] as const;

const writes = /^\s*(?:INSERT|UPSERT|UPDATE|DELETE)\b/i;
/** Whatever becomes of a transaction, its client can give it up; and COMMIT has an occasion of its own. */
const ends = /^\s*(?:ROLLBACK|ABORT|COMMIT|END)\b/i;

/**
 * What a busy cluster answers, at random: conflicts (SQLSTATE 40001), behind which nothing of the transaction is left, and
 * outcomes that nobody knows (40003, or a connection that breaks), which only what commits can have.
 */
export class RandomConflicts {
  /** How often each kind has happened so far. */
  readonly struck: Record<string, number> = {};
  readonly #random: SeededRandom;
  readonly #rates: ConflictRates;
  readonly #turns = { statement: 0, commit: 0, write: 0 };

  constructor(random: SeededRandom, rates: ConflictRates) {
    this.#random = random;
    this.#rates = rates;
  }

  /** All kinds there are, also those that have not happened. */
  static get kinds(): readonly string[] {
    return Object.values(kinds).flatMap((some) => Object.keys(some));
  }

  /** The fault for this statement, where it is to fail. */
  strike(point: FaultPoint, sql: string, inTransaction: boolean): Fault | undefined {
    const occasion = occasionOf(point, sql, inTransaction);
    if (occasion === undefined || this.#random.next() >= this.#rates[occasion]) return undefined;
    // In turn, so that a short run meets all of them.
    const some = Object.entries<Outcome>(kinds[occasion]);
    const turn = some[this.#turns[occasion]++ % some.length];
    if (turn === undefined) return undefined;
    const [kind, outcome] = turn;
    this.struck[kind] = (this.struck[kind] ?? 0) + 1;
    return {
      ...(outcome.sqlstate === undefined ? { message: this.#conflict() } : {}),
      ...outcome,
      match: /^/,
    };
  }

  #conflict(): string {
    const reason = this.#random.pick(reasons);
    return `restart transaction: TransactionRetryWithProtoRefreshError: ${reason}: injected by the CockroachDB stand-in`;
  }
}

function occasionOf(point: FaultPoint, sql: string, inTransaction: boolean): Occasion | undefined {
  if (point === 'commit') return inTransaction ? 'commit' : undefined;
  if (point !== 'statement' || ends.test(sql)) return undefined;
  if (inTransaction) return 'statement';
  return writes.test(sql) ? 'write' : undefined;
}
