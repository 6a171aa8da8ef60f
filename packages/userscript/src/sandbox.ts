import { Worker } from 'node:worker_threads';
import { threadClock } from '../bin/thread-clock.js';
import type { CallText, DoneText, Entrance, LogText } from './wire/messages.js';

/** What a script may use. */
export interface ScriptLimits {
  /** Memory of the sandbox, with everything that the script keeps. 64 MiB unless told. */
  readonly memoryBytes?: number;
  /** How long the script may compute at one row, or between two answers in `onWrite`. 5 seconds unless told. */
  readonly rowMs?: number;
}

/** Why the sandbox stopped a script, or what came out of it that the script did not catch. */
export interface SandboxFailure {
  readonly reason: 'time' | 'memory' | 'thrown' | 'stuck';
  /** The row of the batch at which the script was. */
  readonly row: number;
  readonly thrown: { readonly name: string; readonly message: string; readonly stack: string };
}

export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly failure: SandboxFailure;

  constructor(failure: SandboxFailure) {
    super(failure.thrown.message);
    this.failure = failure;
  }
}

export interface SandboxSignals {
  log(line: LogText): void;
  call(call: CallText): void;
  done(done: DoneText): void;
  /** Nothing more will come. */
  failed(error: SandboxError): void;
}

/** What came back, and how long the script computed. */
export interface SandboxAnswer {
  readonly text: string;
  readonly seconds: number;
}

type FromWorker =
  | { readonly id: number; readonly text: string; readonly seconds: number }
  | { readonly id: number; readonly failure: SandboxFailure }
  | { readonly signal: 'log' | 'call' | 'done'; readonly text: string };

interface Waiting {
  readonly resolve: (answer: SandboxAnswer) => void;
  readonly reject: (error: SandboxError) => void;
}

export const defaultLimits = { memoryBytes: 64 << 20, rowMs: 5000 } as const;
/** QuickJS's functions written in C use the thread's own stack: it must not end before QuickJS's count of it. */
const threadStackMb = 64;
const watchEveryMs = 500;

/**
 * One sandbox, in a thread of its own. Requests are served one after the other.
 *
 * After the first failure it is closed, and every later request fails with the same: a script that was stopped in the
 * middle has left its variables nobody knows how.
 */
export class Sandbox {
  readonly #worker: Worker;
  readonly #signals: SandboxSignals;
  readonly #rowMs: number;
  /** Beats of the interpreter, the row that it was at, whether it runs, the thread's number: written by the thread. */
  readonly #pulse: Int32Array;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #failed: SandboxError | undefined;
  #watch: NodeJS.Timeout | undefined;

  private constructor(code: string, limits: Required<ScriptLimits>, signals: SandboxSignals) {
    const beat = new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT);
    this.#pulse = new Int32Array(beat);
    this.#signals = signals;
    this.#rowMs = limits.rowMs;
    this.#worker = new Worker(new URL('../bin/sandbox-worker.js', import.meta.url), {
      workerData: { code, ...limits, beat },
      resourceLimits: { stackSizeMb: threadStackMb },
      // Nothing of the program's environment or input has any business in there.
      env: {},
      execArgv: [],
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error: Error) => this.#fail(crashed(error.message)));
    this.#worker.on('exit', () => this.#fail(crashed('the thread of the sandbox ended')));
  }

  /** Runs the script once. @throws SandboxError when that fails */
  static async start(
    code: string,
    limits: Required<ScriptLimits>,
    signals: SandboxSignals,
  ): Promise<Sandbox> {
    const sandbox = new Sandbox(code, limits, signals);
    await sandbox.#answer();
    return sandbox;
  }

  /** @throws SandboxError */
  request(entrance: Entrance, text: string): Promise<SandboxAnswer> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    const answer = this.#answer();
    this.#worker.postMessage({ id: this.#nextId - 1, entrance, text }, []);
    return answer;
  }

  async close(): Promise<void> {
    this.#fail(crashed('the sandbox is closed'));
    await this.#worker.terminate();
  }

  #answer(): Promise<SandboxAnswer> {
    const id = this.#nextId++;
    // A sandbox that nobody waits for does not keep the program alive.
    this.#worker.ref();
    this.#watchOver();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #receive(message: FromWorker): void {
    if (this.#failed !== undefined) return;
    if ('failure' in message) this.#fail(new SandboxError(message.failure));
    else if ('id' in message) this.#settle(message);
    else {
      try {
        this.#signal(message.signal, message.text);
      } catch (error) {
        // A script can spoil what it sends, but nothing beyond itself.
        this.#fail(crashed(error instanceof Error ? error.message : String(error)));
      }
    }
  }

  #settle({ id, ...answer }: SandboxAnswer & { readonly id: number }): void {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    this.#stopWatching();
    this.#worker.unref();
  }

  #signal(signal: 'log' | 'call' | 'done', text: string): void {
    const content: unknown = JSON.parse(text);
    if (!isAgreed(signal, content)) throw new Error('the script changed how JavaScript itself works');
    if (signal === 'log') this.#signals.log(content as LogText);
    else if (signal === 'call') this.#signals.call(content as CallText);
    else this.#signals.done(content as DoneText);
  }

  /** The interpreter stops itself at the limit. This ends it where it cannot: in a loop inside one of its own functions. */
  #watchOver(): void {
    if (this.#watch !== undefined) return;
    let [beats, since] = [-1, 0];
    let computedMs: (() => number) | undefined;
    this.#watch = setInterval(() => {
      if (Atomics.load(this.#pulse, 2) === 0) {
        beats = -1;
        return;
      }
      computedMs ??= threadClock(Atomics.load(this.#pulse, 3));
      const [now, time] = [Atomics.load(this.#pulse, 0), computedMs()];
      if (now !== beats) [beats, since] = [now, time];
      else if (time - since > this.#rowMs + 2 * watchEveryMs) this.#fail(this.#overdue());
    }, watchEveryMs);
  }

  #overdue(): SandboxError {
    const row = Atomics.load(this.#pulse, 1);
    return new SandboxError({ reason: 'stuck', row, thrown: { name: '', message: '', stack: '' } });
  }

  #stopWatching(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #fail(error: SandboxError): void {
    this.#stopWatching();
    if (this.#failed !== undefined) return;
    this.#failed = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    void this.#worker.terminate();
    this.#signals.failed(error);
  }
}

/** A script can spoil what is sent beside it, by replacing functions of the language. That must not look like success. */
function isAgreed(signal: 'log' | 'call' | 'done', content: unknown): boolean {
  if (typeof content !== 'object' || content === null) return false;
  const { message, id, call, unheeded, stuck } = content as Readonly<Record<string, unknown>>;
  if (signal === 'log') return typeof message === 'string';
  if (signal === 'done') return Array.isArray(unheeded) || stuck === true;
  return typeof id === 'number' && typeof call === 'string';
}

function crashed(message: string): SandboxError {
  return new SandboxError({
    reason: 'thrown',
    row: 0,
    thrown: { name: 'SandboxError', message, stack: '' },
  });
}
