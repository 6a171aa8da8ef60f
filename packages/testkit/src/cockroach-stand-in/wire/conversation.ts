import type { PostgresServer } from '../server-connection.js';
import type { Rows } from '../session.js';
import type { Exchange, ExchangeEnd, ExchangeOptions, Visibility } from './exchange.js';
import { ExchangeQueue } from './exchange.js';
import { queryMessage } from './messages.js';
import type { TransactionStatus } from './messages.js';
import type { Outbox } from './outbox.js';

/** The talk between one client and PostgreSQL, and the stand-in's own questions in between. */
export class Conversation {
  readonly exchanges = new ExchangeQueue();
  readonly toServer: Outbox;
  readonly toClient: Outbox;
  /** The exchange of the extended protocol that still waits for its Sync. */
  unsynced: Exchange | undefined;

  constructor(toServer: Outbox, toClient: Outbox) {
    this.toServer = toServer;
    this.toClient = toClient;
  }

  /** Waits for all answers and tells the state of the transaction; with an unsynced exchange, the last known one. */
  async settle(): Promise<TransactionStatus> {
    await this.toServer.flush();
    if (this.unsynced === undefined) await this.exchanges.idle();
    return this.exchanges.status;
  }

  send(sql: string, options: ExchangeOptions): Exchange {
    const exchange = this.exchanges.begin(options);
    this.toServer.push(queryMessage(sql));
    return exchange;
  }

  /** Runs SQL in the client's session, without a ReadyForQuery for the client. */
  async run(sql: string, visibility: Visibility): Promise<ExchangeEnd> {
    const exchange = this.send(sql, { visibility, holdReady: true });
    await this.toServer.flush();
    return exchange.finished;
  }

  /**
   * Asks for rows, in the client's own session, where its open transaction and its search_path count. In the middle of a
   * pipeline that cannot be; then a session of our own has to do.
   */
  async ask(sql: string, server: PostgresServer, database: string): Promise<Rows | undefined> {
    if (this.unsynced === undefined) {
      await this.settle();
      const end = await this.run(sql, 'nothing');
      return end.error === undefined ? end.rows : undefined;
    }
    return server.with(database, async (client) => {
      const result = await client.query<(string | null)[]>({ text: sql, rowMode: 'array' });
      return result.rows;
    });
  }
}
