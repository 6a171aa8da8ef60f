import { afterAll, vi } from 'vitest';

/** For vitest's `setupFiles`: files that share a process do not see each other's stubbed environment. */
afterAll(() => {
  vi.unstubAllEnvs();
});
