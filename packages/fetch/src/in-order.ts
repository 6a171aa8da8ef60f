import { asTsmoltError, displayName, loadOrder, stoppedOnRequest } from '@tsmolt/core';
import type { TablePair, TsmoltError } from '@tsmolt/core';
import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';

/** Something that is to be done with one table. */
export interface TableTask {
  readonly pair: TablePair;
}

export interface OrderOptions {
  /** Tables at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

/**
 * Runs the work for as many tables at a time as allowed, none before the tables that its foreign keys on the target point
 * at, and none after a failure or a stop. `discover` has made sure that the foreign keys do not go round in a circle.
 *
 * @param work gets a signal that fires when the user stops the run and when another table has failed
 * @returns the results in the order of the tasks
 * @throws TsmoltError the first failure; the others are only its echo
 */
export async function inOrder<Task extends TableTask, Result>(
  tasks: readonly Task[],
  options: OrderOptions,
  work: (task: Task, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const order = loadOrder([...new Set(tasks.map((task) => task.pair.target))]);
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  // Every stream of every shard listens: their number is bounded by the concurrency, not by Node's guess at a leak.
  setMaxListeners(0, signal);
  const limit = pLimit(options.concurrency);
  let firstError: TsmoltError | undefined;

  const runOne = async (task: Task): Promise<Result> => {
    try {
      await Promise.all(parentsOf(task, tasks, order.parents).map(start));
      return await limit(() => {
        if (signal.aborted) throw stoppedOnRequest();
        return work(task, signal);
      });
    } catch (thrown) {
      firstError ??= asTsmoltError(thrown);
      failure.abort();
      throw thrown;
    }
  };
  const running = new Map<Task, Promise<Result>>();
  const start = (task: Task): Promise<Result> => {
    const started = running.get(task) ?? runOne(task);
    running.set(task, started);
    return started;
  };

  const results = await Promise.allSettled(tasks.map(start));
  if (firstError !== undefined) throw firstError;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function parentsOf<Task extends TableTask>(
  task: Task,
  tasks: readonly Task[],
  parents: ReadonlyMap<string, ReadonlySet<string>>,
): Task[] {
  const wanted = parents.get(displayName(task.pair.target.name));
  if (wanted === undefined || wanted.size === 0) return [];
  return tasks.filter((other) => wanted.has(displayName(other.pair.target.name)));
}
