/** A job that is stopped in the middle until a test lets it go on. */
export interface JobHold {
  /** Resolves when the job has come to where it waits: all its rows are loaded, none is committed. */
  readonly reached: Promise<void>;
  release(): void;
}

interface Waiting {
  readonly match: RegExp;
  readonly arrive: () => void;
  readonly released: Promise<void>;
}

/** Where jobs wait because a test has ordered it. */
export class Holds {
  readonly #waiting: Waiting[] = [];
  readonly #releases: (() => void)[] = [];

  /** @param match tried on the job's description */
  next(match: RegExp): JobHold {
    let arrive = (): void => undefined;
    let release = (): void => undefined;
    const reached = new Promise<void>((resolve) => (arrive = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#waiting.push({ match, arrive, released });
    this.#releases.push(release);
    return { reached, release };
  }

  /** Waits where it was ordered, and until then or until the signal fires. */
  async pass(description: string, signal: AbortSignal): Promise<void> {
    const index = this.#waiting.findIndex(({ match }) => description.search(match) >= 0);
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined || signal.aborted) return;
    waiting.arrive();
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([waiting.released, aborted]);
  }

  releaseAll(): void {
    this.#waiting.length = 0;
    for (const release of this.#releases.splice(0)) release();
  }
}
