import { connectSql } from '@tsmolt/testkit';
import { expect, vi } from 'vitest';
import type { Running } from './tsmolt.js';

/** How far a fetch is, as it notes it on the target. */
export interface FetchProgress {
  readonly run: string;
  readonly ranges: number;
  readonly exported: number;
  readonly files: number;
  readonly loaded: number;
  /** Files that somebody has claimed and not loaded. */
  readonly loading: number;
  /** Names of the server's jobs that were noted. */
  readonly jobs: number;
}

const nothing: FetchProgress = {
  run: 'none',
  ranges: 0,
  exported: 0,
  files: 0,
  loaded: 0,
  loading: 0,
  jobs: 0,
};

const query = `
  SELECT coalesce((SELECT state FROM _molt_fetch.runs ORDER BY started_at DESC LIMIT 1), 'none') AS run,
    (SELECT count(*)::int FROM _molt_fetch.ranges) AS ranges,
    (SELECT count(*)::int FROM _molt_fetch.ranges WHERE state = 'exported') AS exported,
    (SELECT count(*)::int FROM _molt_fetch.files) AS files,
    (SELECT count(*)::int FROM _molt_fetch.files WHERE state = 'loaded') AS loaded,
    (SELECT count(*)::int FROM _molt_fetch.files WHERE state = 'loading') AS loading,
    (SELECT count(DISTINCT job)::int FROM _molt_fetch.files) AS jobs`;

/** Watches the status tables of the only fetch into a database, over a connection of its own. */
export class StatusWatch {
  readonly #client: Awaited<ReturnType<typeof connectSql>>;

  private constructor(client: Awaited<ReturnType<typeof connectSql>>) {
    this.#client = client;
  }

  /** @param url of PostgreSQL itself, also where the fetch goes through a stand-in in front of it */
  static async open(url: string): Promise<StatusWatch> {
    return new StatusWatch(await connectSql(url));
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  async progress(): Promise<FetchProgress> {
    try {
      return (await this.#client.query<FetchProgress>(query)).rows[0] ?? nothing;
    } catch (thrown) {
      // Before the fetch has made its tables.
      if (thrown instanceof Error && 'code' in thrown && /^(42P01|3F000)$/.test(String(thrown.code)))
        return nothing;
      throw thrown;
    }
  }

  async fetchId(): Promise<string> {
    const { rows } = await this.#client.query<{ id: string }>('SELECT fetch_id AS id FROM _molt_fetch.runs');
    return rows[0]?.id ?? '';
  }

  /** Keys of the files that the fetch knows, in order. */
  async fileNames(): Promise<string[]> {
    const { rows } = await this.#client.query<{ name: string }>('SELECT name FROM _molt_fetch.files');
    return rows.map(({ name }) => name).toSorted();
  }

  /**
   * Resolves when the condition holds.
   *
   * @throws when the process ends before, with what it said
   */
  async until(run: Running, condition: (progress: FetchProgress) => unknown): Promise<void> {
    let last = nothing;
    const ended = run.finished.then((finished) => {
      throw new Error(`ended at ${JSON.stringify(last)}: exit ${finished.exitCode}, ${finished.failure}`);
    });
    const met = vi.waitUntil(async () => Boolean(condition((last = await this.progress()))), {
      interval: 4,
      timeout: 45_000,
    });
    await Promise.race([met, ended]);
  }
}

/** Kills as a power cut would, and waits until the process is gone. */
export async function killNow(run: Running): Promise<void> {
  run.process.kill('SIGKILL');
  await run.finished;
  expect(run.process.signalCode, 'it ended before it could be killed').toBe('SIGKILL');
}
