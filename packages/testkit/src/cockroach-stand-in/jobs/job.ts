import { redacted } from '../sql/redacted.js';

export type JobStatus =
  | 'pending' | 'running' | 'pause-requested' | 'paused' | 'cancel-requested' | 'reverting' | 'succeeded' | 'failed'
  | 'canceled'; // prettier-ignore

const terminal: ReadonlySet<JobStatus> = new Set(['succeeded', 'failed', 'canceled']);

/** The table that a job has taken offline. */
export interface OfflineTable {
  readonly database: string;
  readonly oid: string;
  readonly schema: string;
  readonly table: string;
}

export interface JobDescription {
  readonly type: 'IMPORT' | 'HISTORY RETENTION';
  /** The statement as CockroachDB prints it again, without secrets. */
  readonly description: string;
  readonly user: string;
  readonly table?: OfflineTable;
}

/** What the work of a job tells while it runs, and what it has to listen to. */
export interface JobControl {
  readonly signal: AbortSignal;
  readonly progress: (fraction: number) => void;
  /** What was done is about to be undone. */
  readonly reverting: () => void;
}

export type JobWork<Result> = (control: JobControl) => Promise<Result>;

/** One job of the cluster. Its work can be run again: that is what RESUME does. */
export class Job<Result = unknown> {
  readonly id: bigint;
  readonly type: JobDescription['type'];
  readonly description: string;
  readonly user: string;
  readonly table: OfflineTable | undefined;
  readonly created = new Date();
  /** Resolves when the job is over, one way or another. */
  readonly ended: Promise<void>;
  modified = this.created;
  finished: Date | undefined;
  fraction = 0;
  error = '';
  result: Result | undefined;
  readonly #work: JobWork<Result>;
  #status: JobStatus = 'pending';
  #stop = new AbortController();
  #end: () => void = () => undefined;

  constructor(id: bigint, about: JobDescription, work: JobWork<Result>) {
    this.id = id;
    this.type = about.type;
    this.description = about.description;
    this.user = about.user;
    this.table = about.table;
    this.#work = work;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get status(): JobStatus {
    return this.#status;
  }

  get isOver(): boolean {
    return terminal.has(this.#status);
  }

  /** Begins the work, and does not wait for it. */
  start(): void {
    this.#set('running');
    void this.#run();
  }

  /** @returns false when the job is over already */
  cancel(): boolean {
    if (this.isOver) return false;
    const idle = this.#status === 'paused';
    this.#set('cancel-requested');
    if (idle) this.#canceled();
    else this.#stop.abort();
    return true;
  }

  pause(): boolean {
    if (this.#status !== 'running' && this.#status !== 'pending') return false;
    this.#set('pause-requested');
    this.#stop.abort();
    return true;
  }

  /** From the beginning: an import that was paused has nothing to go on from. */
  resume(): boolean {
    if (this.#status !== 'paused') return false;
    this.#stop = new AbortController();
    this.fraction = 0;
    this.start();
    return true;
  }

  async #run(): Promise<void> {
    try {
      this.result = await this.#work({
        signal: this.#stop.signal,
        progress: (fraction) => (this.fraction = fraction),
        reverting: () => this.#revert(),
      });
      this.fraction = 1;
      this.#over('succeeded');
    } catch (thrown) {
      if (this.#status === 'pause-requested') this.#set('paused');
      else if (this.#stop.signal.aborted) this.#canceled();
      else {
        this.error = redacted(thrown instanceof Error ? thrown.message : String(thrown));
        this.#over('failed');
      }
    }
  }

  #revert(): void {
    if (this.#status !== 'pause-requested') this.#set('reverting');
  }

  #canceled(): void {
    this.error = 'job canceled by user';
    this.#over('canceled');
  }

  #over(status: JobStatus): void {
    this.finished = new Date();
    this.#set(status);
    this.#end();
  }

  #set(status: JobStatus): void {
    this.#status = status;
    this.modified = new Date();
  }
}
