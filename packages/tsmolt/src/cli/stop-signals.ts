/** A signal that fires at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** 130 or 143 after a signal, as a shell reports it. */
  exitCode(): number | undefined;
  dispose(): void;
}

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** @param onFirst says to the user what happens now */
export function listenForStop(onFirst: () => void): StopSignals {
  const controller = new AbortController();
  let code: number | undefined;
  const stop = (name: NodeJS.Signals): void => {
    const next = name === 'SIGTERM' ? codes.SIGTERM : codes.SIGINT;
    if (code !== undefined) process.exit(next);
    code = next;
    onFirst();
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}
