import type { ServerAddress } from './running-server.js';
import type { SharedServerAnswer, SharedServerName } from './shared-servers.js';
import type {} from './vitest-global-setup.js';

/**
 * A server that all test files of this run share; the first to ask waits for it to start.
 * Make a database of your own in it, and change nothing that others would notice.
 * @throws with the reason if the server cannot be had
 */
export async function sharedServer(name: SharedServerName): Promise<ServerAddress> {
  // Imported here, because vitest refuses to be imported by any other program than a test.
  const { inject } = await import('vitest');
  const address = inject('tsmoltSharedServers');
  if (!address)
    throw new Error('shared servers need vitest-global-setup.ts as globalSetup of the vitest project');
  const response = await fetch(`${address}/${name}`);
  const answer = (await response.json()) as SharedServerAnswer;
  if ('error' in answer) throw new Error(answer.error);
  return { ...answer.server, tls: answer.server.tls };
}
