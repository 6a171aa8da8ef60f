import { connect } from 'node:net';
import type { Socket } from 'node:net';
import pg from 'pg';

/** The real PostgreSQL behind the stand-in. */
export class PostgresServer {
  readonly #url: URL;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  get user(): string {
    return decodeURIComponent(this.#url.username);
  }

  /** The URL of a database there; with a port, of the same database behind the stand-in. */
  urlOf(database: string, standInPort?: number): string {
    const url = new URL(this.#url);
    url.pathname = `/${encodeURIComponent(database)}`;
    if (standInPort !== undefined) {
      url.host = `127.0.0.1:${standInPort}`;
      url.searchParams.set('sslmode', 'disable');
    }
    return url.href;
  }

  /** A bare socket, for a client's own session. */
  connect(): Socket {
    const host = decodeURIComponent(this.#url.hostname).replace(/^\[(.*)\]$/, '$1');
    const port = Number(this.#url.port === '' ? '5432' : this.#url.port);
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    socket.setNoDelay(true);
    return socket;
  }

  /** A session of the stand-in's own. It must not keep a test program alive, nor end it when the server goes away. */
  async open(database: string): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.urlOf(database),
      application_name: 'crdb-stand-in',
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async with<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.open(database);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}
