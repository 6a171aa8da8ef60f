/**
 * What the work resolves to, or undefined as soon as the signal fires: for what cannot be cancelled, and need not be waited for.
 *
 * @param late gets what the work resolves to after that
 */
export function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
  late: (result: Result) => void = () => undefined,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    let over = false;
    const stop = (): void => {
      over = true;
      resolve(undefined);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    void work
      .then((result) => (over ? late(result) : resolve(result)), reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}
