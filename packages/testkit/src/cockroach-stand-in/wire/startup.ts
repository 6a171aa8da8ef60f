import { once } from 'node:events';
import type { Socket } from 'node:net';

const sslRequest = 80877103;
const gssRequest = 80877104;
const cancelRequest = 80877102;
const largestStartup = 100_000;

/** How a client opened its connection. */
export type Opening =
  | { readonly kind: 'startup'; readonly protocol: number; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: 'cancel'; readonly packet: Buffer }
  | { readonly kind: 'gone' };

/** Reads what comes before the first framed message. Encryption is declined, so that the client goes on in the clear. */
export async function readOpening(socket: Socket): Promise<Opening> {
  for (;;) {
    const packet = await readPacket(socket);
    if (packet === undefined) return { kind: 'gone' };
    const code = packet.readUInt32BE(4);
    if (code === cancelRequest) return { kind: 'cancel', packet };
    // TLS would begin here: answer 'S' and go on with the encrypted socket.
    if (code === sslRequest || code === gssRequest) socket.write('N');
    else return { kind: 'startup', protocol: code, parameters: readParameters(packet) };
  }
}

export function startupPacket(protocol: number, parameters: ReadonlyMap<string, string>): Buffer {
  const text = [...parameters].map(([name, value]) => `${name}\0${value}\0`).join('');
  const body = Buffer.from(`${text}\0`);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.length, 0);
  header.writeUInt32BE(protocol, 4);
  return Buffer.concat([header, body]);
}

function readParameters(packet: Buffer): ReadonlyMap<string, string> {
  const texts = packet.toString('utf8', 8).split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length && texts[at] !== ''; at += 2) {
    parameters.set(texts[at] ?? '', texts[at + 1] ?? '');
  }
  return parameters;
}

async function readPacket(socket: Socket): Promise<Buffer | undefined> {
  const head = await readExactly(socket, 4);
  const length = head?.readUInt32BE(0) ?? 0;
  if (head === undefined || length < 8 || length > largestStartup) return undefined;
  const rest = await readExactly(socket, length - 4);
  return rest === undefined ? undefined : Buffer.concat([head, rest]);
}

/** Takes no byte more than asked for: what follows belongs to whoever reads next (which may be a TLS socket). */
async function readExactly(socket: Socket, length: number): Promise<Buffer | undefined> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes !== null) return bytes.length === length ? bytes : undefined;
    if (socket.readableEnded || socket.destroyed) return undefined;
    await readable(socket);
  }
}

async function readable(socket: Socket): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([
      once(socket, 'readable', { signal }),
      once(socket, 'end', { signal }),
      once(socket, 'close', { signal }),
    ]);
  } finally {
    waiting.abort();
  }
}
