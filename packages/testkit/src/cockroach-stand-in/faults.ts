import type { Fault, FaultPoint } from './fault.js';
import type { RandomConflicts } from './random-conflicts.js';
import type { ServerError } from './wire/messages.js';

export interface StruckFault {
  readonly kept: boolean;
  /** `undefined`: break the connection. */
  readonly error: ServerError | undefined;
}

interface ArmedFault {
  readonly fault: Fault;
  left: number;
}

/** The failures that a test has ordered, one by one or at random. */
export class Faults {
  readonly #armed: ArmedFault[] = [];
  #random: RandomConflicts | undefined;

  failNext(fault: Fault): void {
    this.#armed.push({ fault, left: fault.times ?? 1 });
  }

  /** From now on, until `clear`. What was ordered one by one goes first. */
  failAtRandom(conflicts: RandomConflicts): void {
    this.#random = conflicts;
  }

  clear(): void {
    this.#armed.length = 0;
    this.#random = undefined;
  }

  /** How many ordered failures have not happened yet. */
  get pending(): number {
    return this.#armed.reduce((sum, armed) => sum + armed.left, 0);
  }

  /**
   * The fault for this statement at this point, which is used up by that.
   *
   * @param inTransaction whether the statement runs in a transaction that has not failed
   */
  strike(point: FaultPoint, sql: string, inTransaction: boolean): StruckFault | undefined {
    const fault = this.#ordered(point, sql) ?? this.#random?.strike(point, sql, inTransaction);
    if (fault === undefined) return undefined;
    return { kept: fault.outcome === 'kept', error: fault.disconnect === true ? undefined : errorOf(fault) };
  }

  #ordered(point: FaultPoint, sql: string): Fault | undefined {
    const armed = this.#armed.find(
      ({ fault }) => (fault.at ?? 'statement') === point && sql.search(fault.match) >= 0,
    );
    if (armed === undefined) return undefined;
    if (--armed.left <= 0) this.#armed.splice(this.#armed.indexOf(armed), 1);
    return armed.fault;
  }
}

function errorOf(fault: Fault): ServerError {
  const sqlstate = fault.sqlstate ?? '40001';
  return {
    sqlstate,
    message:
      fault.message ??
      (sqlstate === '40003'
        ? 'result is ambiguous (injected by the CockroachDB stand-in)'
        : 'restart transaction: TransactionRetryWithProtoRefreshError: injected by the CockroachDB stand-in'),
  };
}
