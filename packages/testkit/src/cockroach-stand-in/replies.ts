import type { Refusals } from './refusals.js';
import type { Conversation } from './wire/conversation.js';
import type { Exchange } from './wire/exchange.js';
import { MessageWalker } from './wire/framing.js';
import {
  errorMessage,
  message,
  parameterStatus,
  readDataRow,
  readErrorFields,
  readStatus,
} from './wire/messages.js';
import type { ServerError } from './wire/messages.js';

/** CockroachDB says so in ParameterStatus, whatever PostgreSQL is behind. */
const claimedServerVersion = '13.0.0';
/** Messages that are looked at also where all answers go to the client. */
const alwaysWanted: ReadonlySet<string> = new Set(['S', 'E', 'C', 'Z']);

/** Wordings of CockroachDB for errors that both servers raise. */
const wordings: ReadonlyMap<string, string> = new Map([
  ['21000', 'UPSERT or INSERT...ON CONFLICT command cannot affect row a second time'],
]);

export interface RepliesOptions {
  readonly conversation: Conversation;
  readonly refusals: Refusals;
  readonly version: string;
  readonly breakConnection: () => void;
}

/** The way from PostgreSQL to the client. Rows and COPY data pass as they come. */
export class Replies {
  readonly #options: RepliesOptions;
  readonly #walker: MessageWalker;

  constructor(options: RepliesOptions) {
    this.#options = options;
    this.#walker = new MessageWalker((type) => alwaysWanted.has(type) || !this.#showsAll());
  }

  async take(chunk: Buffer): Promise<void> {
    const { toClient } = this.#options.conversation;
    for (const piece of this.#walker.walk(chunk)) {
      if (piece.kind === 'bytes') toClient.push(piece.bytes);
      else this.#message(piece.type, piece.body);
    }
    await toClient.flush();
  }

  #showsAll(): boolean {
    const { current } = this.#options.conversation.exchanges;
    return current === undefined || current.visibility === 'all';
  }

  #message(type: string, body: Buffer): void {
    const exchange = this.#options.conversation.exchanges.current;
    if (type === 'S') this.#parameterStatus(body);
    else if (type === 'E') this.#error(body, exchange);
    else if (type === 'C') this.#completion(body, exchange);
    else if (type === 'Z') this.#ready(body);
    else if (type === 'D' && exchange?.visibility === 'nothing') exchange.rows.push(readDataRow(body));
    else if (this.#showsAll()) this.#tell(message(type, body));
  }

  #tell(bytes: Buffer): void {
    this.#options.conversation.toClient.push(bytes);
  }

  #parameterStatus(body: Buffer): void {
    if (!body.toString('utf8').startsWith('server_version\0')) return this.#tell(message('S', body));
    this.#tell(parameterStatus('server_version', claimedServerVersion));
    return this.#tell(parameterStatus('crdb_version', this.#options.version));
  }

  #error(body: Buffer, exchange: Exchange | undefined): void {
    const fields = readErrorFields(body);
    const text = fields.get('M') ?? '';
    const sqlstate = fields.get('C') ?? '';
    const wanted = this.#options.refusals.recall(text) ?? reworded(sqlstate);
    if (exchange !== undefined) exchange.error = wanted ?? { sqlstate, message: text };
    if (exchange?.visibility !== 'nothing')
      this.#tell(wanted === undefined ? message('E', body) : errorMessage(wanted));
  }

  #completion(body: Buffer, exchange: Exchange | undefined): void {
    if (exchange !== undefined && exchange.fault?.index === exchange.completions++) {
      const { error } = exchange.fault;
      exchange.error = error ?? { sqlstate: '08006', message: 'the connection was broken on purpose' };
      if (error === undefined) this.#options.breakConnection();
      else this.#tell(errorMessage(error));
    } else if (this.#showsAll()) this.#tell(message('C', body));
  }

  #ready(body: Buffer): void {
    const exchange = this.#options.conversation.exchanges.ready(readStatus(body));
    if (exchange === undefined || !exchange.holdReady) this.#tell(message('Z', body));
  }
}

function reworded(sqlstate: string): ServerError | undefined {
  const wording = wordings.get(sqlstate);
  return wording === undefined ? undefined : { sqlstate, message: wording };
}
