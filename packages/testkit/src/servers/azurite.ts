import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LocalServer } from './local-server.js';
import type { RunningServer } from './running-server.js';
import { ServerFolder } from './server-folder.js';

const require = createRequire(import.meta.url);

/** The only account that the emulator started here knows. */
export const azuriteAccount = {
  name: 'tsmolt',
  key: Buffer.from('the key of an emulator that holds test data alone').toString('base64'),
} as const;

/**
 * Starts Azurite, Microsoft's emulator of Azure Blob Storage, with its data in memory. Its URL is that of the account, as
 * a client of Azure takes it.
 */
export async function startAzurite(): Promise<RunningServer> {
  const folder = await ServerFolder.create('Azurite', undefined);
  return LocalServer.start({
    product: 'Azurite',
    folder,
    tls: undefined,
    shutdownSignal: 'SIGTERM',
    abortSignal: 'SIGKILL',
    initialize: () => Promise.resolve(),
    command: (port) => ({
      executable: process.execPath,
      arguments: [
        blobServerScript(),
        ...['--blobHost', '127.0.0.1', '--blobPort', String(port)],
        '--inMemoryPersistence',
        // The SDK may speak a newer version of the protocol than the emulator.
        ...['--skipApiVersionCheck', '--loose', '--silent', '--disableTelemetry'],
      ],
      environment: { AZURITE_ACCOUNTS: `${azuriteAccount.name}:${azuriteAccount.key}` },
      directory: folder.path,
    }),
    url: (port) => `http://127.0.0.1:${port}/${azuriteAccount.name}`,
    ping,
  });
}

function blobServerScript(): string {
  return join(dirname(require.resolve('azurite/package.json')), 'dist/src/blob/main.js');
}

/** Without a signature it refuses, and says which version refused. */
async function ping(url: string): Promise<string> {
  const answer = await fetch(`${url}?comp=list`);
  await answer.body?.cancel();
  return answer.headers.get('server') ?? 'unknown';
}
