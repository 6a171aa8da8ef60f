/** Somebody does not want to see the end. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** As a shell reports a program that a signal ended. */
  exitCode(): number;
}

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Listens for Ctrl-C and SIGTERM; the second of them ends the demo at once, and the servers' watchdogs tidy up. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let code: number = codes.SIGINT;
  const stop = (name: 'SIGINT' | 'SIGTERM'): void => {
    code = codes[name];
    if (controller.signal.aborted) process.exit(code);
    controller.abort();
  };
  process.on('SIGINT', () => stop('SIGINT')).on('SIGTERM', () => stop('SIGTERM'));
  return { signal: controller.signal, exitCode: () => code };
}

/** Does `work`, or gives up waiting for it when the signal fires. @throws the signal's reason then */
export async function unlessInterrupted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    // After an interrupt the servers go, and what this work says about that interests nobody.
    work().then(resolve, reject);
  });
}
