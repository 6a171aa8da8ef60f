import { TsmoltError } from '@tsmolt/core';
import { writeError } from './write-error.js';

/** A signal that fires at the first Ctrl-C or SIGTERM, or when nobody reads what is printed; a second signal ends the process. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** 130 or 143 after a signal, as a shell reports it. */
  exitCode(): number | undefined;
  /** Whether it fired because nobody reads what is printed. */
  outputClosed(): boolean;
  dispose(): void;
}

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** @param onFirst says to the user what happens now */
export function listenForStop(onFirst: () => void): StopSignals {
  const controller = new AbortController();
  let code: number | undefined;
  let isClosed = false;
  const stop = (name: NodeJS.Signals): void => {
    const next = name === 'SIGTERM' ? codes.SIGTERM : codes.SIGINT;
    if (code !== undefined) process.exit(next);
    code = next;
    onFirst();
    controller.abort();
  };
  const closed = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    if (isClosed) return;
    isClosed = true;
    writeError(unread(error));
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // It stays: the last words, too, find the output closed.
  process.stdout.on('error', closed);
  return {
    signal: controller.signal,
    exitCode: () => code,
    outputClosed: () => isClosed,
    dispose: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}

function unread(cause: Error): TsmoltError {
  return new TsmoltError('TSM4006', {
    message: 'standard output was closed: nobody reads the log',
    advice:
      'What runs is being ended, without loss. Keep the reader of the pipe alive, or write the log to a file.',
    cause,
  });
}
