import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';

/** A program that starts a server and forgets it. Plain Node runs it, so it takes the built testkit. */
const program = `
  import { startPostgres18 } from '@tsmolt/testkit';
  const server = await startPostgres18({ own: true });
  console.log(JSON.stringify([server.port, server.dataDirectory]));
  if (process.argv[1] !== 'end') setInterval(() => undefined, 60_000);
`;

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test.each(['end', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'no server outlives its program: %s',
  async (way) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program, way], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const [port, folder] = JSON.parse(line) as [number, string];
    if (way !== 'end') child.kill(way);
    // The program dies as it would have without servers: a signal is not swallowed, and nothing keeps it alive.
    expect(await closed).toEqual(way === 'end' ? [0, null] : [null, way]);
    for (let waited = 0; waited < 100 && (existsSync(folder) || (await listens(port))); waited++)
      await delay(50);
    expect(await listens(port)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  },
);
