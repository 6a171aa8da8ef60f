import { mkdir, writeFile } from 'node:fs/promises';
import { arch, cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Measured } from './run-measured.js';

/** One of the programs that answer the benchmark's question. */
export interface Contender {
  readonly name: string;
  /** Makes everything as it was before the first run; not measured. */
  prepare(): Promise<void>;
  run(): Promise<Measured>;
  /** @throws Error when the work was not done */
  check(): Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly seconds: readonly number[];
  readonly medianSeconds: number;
  readonly peakBytes: number;
  /** What remains of the median without the start, where that was measured. */
  readonly steadySeconds?: number;
}

/** Runs the contenders in turn, each round in the reverse order of the one before, so that none always goes first. */
export async function measureRounds(contenders: readonly Contender[], rounds: number): Promise<Result[]> {
  const runs = new Map<string, Measured[]>(contenders.map(({ name }) => [name, []]));
  // The first run of all pays for files that the servers make once: it is nobody's measurement.
  const warmUp = contenders.at(-1);
  await warmUp?.prepare();
  await warmUp?.run();
  for (let round = 1; round <= rounds; round++) {
    for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
      await contender.prepare();
      const measured = await contender.run();
      await contender.check();
      runs.get(contender.name)?.push(measured);
      process.stdout.write(
        `round ${round}: ${contender.name} ${measured.seconds.toFixed(2)} s, ${mebibytes(measured.peakBytes)} MiB\n`,
      );
    }
  }
  return contenders.map(({ name }) => summarize(name, runs.get(name) ?? []));
}

function summarize(name: string, runs: readonly Measured[]): Result {
  const seconds = runs.map((run) => run.seconds);
  const steady = runs.flatMap((run) =>
    run.startSeconds === undefined ? [] : [run.seconds - run.startSeconds],
  );
  return {
    name,
    seconds,
    medianSeconds: median(seconds),
    peakBytes: Math.max(...runs.map((run) => run.peakBytes)),
    ...(steady.length === 0 ? {} : { steadySeconds: median(steady) }),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** Prints each contender beside the first one, and keeps all figures as JSON. */
export async function report(question: string, results: readonly Result[], file: string): Promise<void> {
  const [first] = results;
  if (first === undefined) return;
  process.stdout.write(`\n${question}\n`);
  for (const result of results) {
    const ratio = result.medianSeconds / first.medianSeconds;
    process.stdout.write(
      `${result.name.padEnd(28)} median ${result.medianSeconds.toFixed(2).padStart(7)} s  ` +
        `${first.name} is ${ratio.toFixed(2)}x as fast  peak ${mebibytes(result.peakBytes)} MiB  ` +
        `rounds ${result.seconds.map((seconds) => seconds.toFixed(2)).join(' ')}\n`,
    );
  }
  for (const { name, steadySeconds: steady } of results) {
    if (steady === undefined) continue;
    const others = results
      .filter((result) => result.name !== name)
      .map(
        (other) =>
          `${((other.steadySeconds ?? other.medianSeconds) / steady).toFixed(2)}x as fast as ${other.name}`,
      );
    process.stdout.write(`without its start ${name} takes ${steady.toFixed(2)} s: ${others.join(', ')}\n`);
  }
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memoryBytes: totalmem(),
    arch: arch(),
    node: process.version,
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    `${JSON.stringify({ question, at: new Date().toISOString(), machine, results }, null, 2)}\n`,
  );
  process.stdout.write(`written to ${file}\n`);
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0);
}
