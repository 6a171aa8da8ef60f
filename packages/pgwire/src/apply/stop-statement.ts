import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { ClientBase, ClientConfig } from 'pg';

/** What the driver knows about its connection, which its types leave out. */
interface ConnectedClient extends ClientBase {
  readonly connection: { readonly stream: Duplex };
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/** What the driver has for a connection that is no session. */
interface BareConnection extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/** How long a server has, in milliseconds, to hear that a statement is to end. */
const deafMs = 2000;

/** Breaks the connection: its transaction is rolled back when the server notices. */
export function breakConnection(client: ClientBase): void {
  (client as ConnectedClient).connection.stream.destroy();
}

/**
 * Ends what the connection is doing when the signal fires: asks the server to cancel it, and breaks the connection if the
 * server does not hear. The connection must not be used for anything else afterwards, for the request may be late.
 */
export function stopOnAbort(
  client: ClientBase,
  config: ClientConfig,
  signal: AbortSignal,
): { readonly stop: () => void } {
  let deaf: NodeJS.Timeout | undefined;
  let request: BareConnection | undefined;
  const begin = (): void => {
    deaf = setTimeout(() => breakConnection(client), deafMs);
    request = requestCancel(client, config);
  };
  signal.addEventListener('abort', begin, { once: true });
  const stop = (): void => {
    signal.removeEventListener('abort', begin);
    clearTimeout(deaf);
    request?.stream.destroy();
  };
  return { stop };
}

/**
 * Over a connection of its own, as the protocol wants it; the driver's own `cancel` does not speak TLS. That it cannot be
 * had is no error: the statement's connection breaks then.
 */
function requestCancel(client: ClientBase, config: ClientConfig): BareConnection | undefined {
  const { processID, secretKey } = client as ConnectedClient;
  if (processID === null || secretKey === null) return undefined;
  const connection = new pg.Connection(config) as BareConnection;
  const send = (): void => connection.cancel(processID, secretKey);
  const encrypted = config.ssl !== undefined && config.ssl !== false;
  connection.on('error', () => undefined);
  connection.once('connect', () => (encrypted ? connection.requestSsl() : send()));
  connection.once('sslconnect', send);
  const host = config.host ?? 'localhost';
  const port = config.port ?? 5432;
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  return connection;
}
