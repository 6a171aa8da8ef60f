import type { TestProject } from 'vitest/node';
import { SharedServers } from './shared-servers.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where test files ask for the servers of the run. */
    tsmoltSharedServers: string;
  }
}

/** For vitest's `globalSetup`: servers that `sharedServer()` names start once a run and stop at its end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = new SharedServers();
  project.provide('tsmoltSharedServers', await servers.listen());
  return () => servers.stop();
}
