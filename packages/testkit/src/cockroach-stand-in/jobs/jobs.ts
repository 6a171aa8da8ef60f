import { Job } from './job.js';
import type { JobDescription, JobWork } from './job.js';

const listedMs = 12 * 60 * 60_000;

/** The jobs of the cluster, for as long as a stand-in lives. */
export class Jobs {
  readonly #jobs = new Map<bigint, Job>();
  /** Beyond 2^53, as CockroachDB's are: whoever takes one for a number loses digits. */
  #last = (BigInt(Date.now()) - 1_420_070_400_000n) * 3_276_800n;

  create<Result>(about: JobDescription, work: JobWork<Result>): Job<Result> {
    this.#last += 32_769n;
    const job = new Job(this.#last, about, work);
    this.#jobs.set(job.id, job);
    return job;
  }

  get(id: bigint): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Those that SHOW JOBS lists: unfinished ones, and those that have finished in the last 12 hours. */
  listed(): readonly Job[] {
    const since = Date.now() - listedMs;
    return [...this.#jobs.values()].filter(
      (job) => job.finished === undefined || job.finished.getTime() > since,
    );
  }

  /** The tables of a database that cannot be read because a job works on them. */
  offline(database: string): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => job.table?.database === database && !job.isOver);
  }

  /** Cancels what still runs and waits for it. */
  async stop(): Promise<void> {
    const running = [...this.#jobs.values()].filter((job) => !job.isOver);
    for (const job of running) job.cancel();
    await Promise.all(running.map((job) => job.ended));
  }
}
