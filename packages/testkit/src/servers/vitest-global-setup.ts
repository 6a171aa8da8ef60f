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
  return async () => {
    await servers.stop();
    tellWhatWasNotRun();
  };
}

/** Servers that come with no package: a run says that it went without them. */
const rareServers = {
  TSMOLT_TEST_COCKROACH_URL: 'a real CockroachDB',
  TSMOLT_TEST_ORACLE_URL: 'a real Oracle',
} as const;

function tellWhatWasNotRun(): void {
  for (const [variable, server] of Object.entries(rareServers)) {
    if (process.env[variable] === undefined)
      process.stdout.write(`not run: what needs ${server} (set ${variable})\n`);
  }
}
