import type { ServerError, TransactionStatus } from './messages.js';

/** Which answers of an exchange reach the client: all, only errors, or none (the stand-in asked for itself). */
export type Visibility = 'all' | 'errors' | 'nothing';

/** Tells the client something else than the completion of its statement, which did happen. */
export interface CompletionFault {
  /** Which CommandComplete of the exchange, counted from 0. */
  readonly index: number;
  /** `undefined`: the connection breaks instead. */
  readonly error: ServerError | undefined;
}

export interface ExchangeOptions {
  readonly visibility: Visibility;
  /** ReadyForQuery is kept back, for the stand-in has more to do before the client may go on. */
  readonly holdReady: boolean;
  readonly fault?: CompletionFault;
}

export interface ExchangeEnd {
  readonly status: TransactionStatus;
  readonly error: ServerError | undefined;
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Everything from a request up to its ReadyForQuery. */
export class Exchange {
  readonly visibility: Visibility;
  readonly holdReady: boolean;
  readonly finished: Promise<ExchangeEnd>;
  fault: CompletionFault | undefined;
  completions = 0;
  error: ServerError | undefined;
  readonly rows: (readonly (string | null)[])[] = [];
  #finish: (end: ExchangeEnd) => void = () => undefined;

  constructor(options: ExchangeOptions) {
    this.visibility = options.visibility;
    this.holdReady = options.holdReady;
    this.fault = options.fault;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  finish(status: TransactionStatus): void {
    this.#finish({ status, error: this.error, rows: this.rows });
  }
}

/** The exchanges that the server still has to answer, in the order in which it will. */
export class ExchangeQueue {
  readonly #open: Exchange[] = [];
  /** The transaction status that the last ReadyForQuery told. */
  status: TransactionStatus = 'I';

  begin(options: ExchangeOptions): Exchange {
    const exchange = new Exchange(options);
    this.#open.push(exchange);
    return exchange;
  }

  get current(): Exchange | undefined {
    return this.#open[0];
  }

  ready(status: TransactionStatus): Exchange | undefined {
    this.status = status;
    const exchange = this.#open.shift();
    exchange?.finish(status);
    return exchange;
  }

  /** Resolves when all answers are in. The exchange that is still being asked must not be open. */
  async idle(): Promise<void> {
    await this.#open.at(-1)?.finished;
  }

  /** The connection is gone: nothing will be answered any more. */
  abandon(): void {
    for (const exchange of this.#open.splice(0)) {
      exchange.error ??= { sqlstate: '08006', message: 'the connection is gone' };
      exchange.finish('E');
    }
  }
}
