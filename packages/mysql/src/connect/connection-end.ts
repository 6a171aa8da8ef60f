import { Socket } from 'node:net';
import type { Connection } from 'mysql2';

/** How long a server may take to say goodbye. */
const farewellMs = 5_000;

interface LostConnection extends Error {
  code?: string;
}

/** Closes the socket at once and fails what waits; the driver's own `destroy` would leave both waiting. */
export function breakConnection(connection: Connection): void {
  const reason: LostConnection = new Error('the connection was closed on this side');
  reason.code = 'PROTOCOL_CONNECTION_LOST';
  socketOf(connection).destroy(reason);
  connection.destroy();
}

/**
 * Ends a connection that nobody uses, and waits until the server has closed it: only then does it no longer count towards
 * the connections that the user may have.
 */
export async function endConnection(connection: Connection): Promise<void> {
  const socket = socketOf(connection);
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const impatience = setTimeout(() => socket.destroy(), farewellMs);
    socket.once('close', () => {
      clearTimeout(impatience);
      resolve();
    });
    connection.end(() => undefined);
  });
}

/** The driver's types leave it out. */
function socketOf(connection: Connection): Socket {
  const socket: unknown = Reflect.get(connection, 'stream');
  if (socket instanceof Socket) return socket;
  throw new Error('the driver keeps its socket somewhere else');
}
