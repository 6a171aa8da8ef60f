import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A proxy on 127.0.0.1 between a test's client and its server, for the failures of a network. */
export interface TcpProxy {
  readonly port: number;
  /** Bytes forwarded so far, both directions together. */
  readonly bytesForwarded: number;
  /** Resets all connections that there are. New ones are accepted. */
  cut(): void;
  /** Resets new connections at once, until `accept()`. Those that there are stay. */
  refuse(): void;
  accept(): void;
  /** Cuts everything and stops listening. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param targetPort a port on 127.0.0.1 */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let bytesForwarded = 0;
  let refusing = false;

  const forward = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk) => (bytesForwarded += chunk.length));
    // A reset is what this proxy is for; the other side then learns of it as well.
    from.on('error', () => to.resetAndDestroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroySoon();
    });
    from.pipe(to);
  };

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (refusing) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    forward(client, server);
    forward(server, client);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const close = async (): Promise<void> => {
    cut();
    await new Promise((resolve) => listener.close(resolve));
  };

  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (listener.address() as AddressInfo).port,
    get bytesForwarded() {
      return bytesForwarded;
    },
    cut,
    refuse: () => (refusing = true),
    accept: () => (refusing = false),
    close,
    [Symbol.asyncDispose]: close,
  };
}
