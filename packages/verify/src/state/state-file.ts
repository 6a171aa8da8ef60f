import { open, readFile, rename, rm } from 'node:fs/promises';
import { displayName, TsmoltError } from '@tsmolt/core';
import type { Comparison } from '../plan-comparison.js';
import type { VerifyOptions } from '../options.js';
import { fingerprintOf } from './fingerprint.js';
import { savedDatabase, savedOptions, stateFormat } from './saved-state.js';
import type { SavedState } from './saved-state.js';
import { TableProgress } from './table-progress.js';

/** The shortest time between two writes. */
const everyMs = 1_000;

/** Writing is not to take more than a twentieth of the time, however large the state is. */
const writingShare = 20;

/** The progress of a run, in a file where one is named: a run that died goes on from it, one that ended removes it. */
export class StateFile {
  readonly #options: VerifyOptions;
  readonly #saved: SavedState | undefined;
  readonly #startedAt: string;
  readonly #tables: TableProgress[] = [];
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = everyMs;

  private constructor(options: VerifyOptions, saved: SavedState | undefined) {
    this.#options = options;
    this.#saved = saved;
    this.#startedAt = saved?.startedAt ?? new Date().toISOString();
  }

  /** @throws TsmoltError `TSM6103` when the file tells of another verification */
  static async open(options: VerifyOptions): Promise<StateFile> {
    const saved = options.stateFile === undefined ? undefined : await readState(options.stateFile);
    if (saved !== undefined) refuseOther(options, saved);
    return new StateFile(options, saved);
  }

  /** @throws TsmoltError `TSM6103` when the table is another one now than when its ranges were compared */
  table(comparison: Comparison): TableProgress {
    const table = comparison.pair.source.name;
    const fingerprint = fingerprintOf(comparison);
    const saved = this.#saved?.tables.find((one) => displayName(one.table) === displayName(table));
    if (saved !== undefined && saved.fingerprint !== fingerprint) {
      throw cannotContinue(
        this.#options,
        `${displayName(table)} or its counterpart, its filter or its transformation is another one now`,
      );
    }
    const progress = new TableProgress({
      table,
      fingerprint,
      namedRows: this.#options.namedRows,
      changed: () => this.#writeSoon(),
      ...(saved === undefined ? {} : { saved }),
    });
    this.#tables.push(progress);
    return progress;
  }

  /** Says which part of the work is not done again. Call it when all tables are known. */
  announce(): void {
    if (this.#saved === undefined) return;
    const ranges = this.#tables.reduce((sum, table) => sum + table.finishedRanges, 0);
    this.#options.logger.info(
      { state_file: this.#options.stateFile, started_at: this.#startedAt, finished_ranges: ranges },
      `going on with the verification that was started at ${this.#startedAt}: ${ranges} finished ranges are not read again`,
    );
  }

  /** Writes what is finished. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** There is nothing to go on with any more. */
  async remove(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    const { stateFile } = this.#options;
    if (stateFile !== undefined) await rm(stateFile, { force: true });
  }

  #writeSoon(): void {
    if (this.#options.stateFile === undefined) return;
    this.#timer ??= setTimeout(() => {
      // A state that cannot be written is found out at the latest when the run ends: the next save throws.
      void this.save().catch((thrown: unknown) => {
        this.#options.logger.warn(`the state of the verification is not saved: ${String(thrown)}`);
        this.#writing = Promise.resolve();
      });
    }, this.#pauseMs);
  }

  async #write(): Promise<void> {
    const { stateFile, source, target } = this.#options;
    if (stateFile === undefined) return;
    const started = performance.now();
    const state: SavedState = {
      what: stateFormat,
      startedAt: this.#startedAt,
      source: savedDatabase(source.product, source.url),
      target: savedDatabase(target.product, target.url),
      options: savedOptions(this.#options),
      tables: this.#tables.flatMap((table) => table.save() ?? []),
    };
    await replaceFile(stateFile, JSON.stringify(state));
    this.#pauseMs = Math.max(everyMs, (performance.now() - started) * writingShare);
  }
}

/** Whoever reads the file sees the old or the new text, whole, even after a power cut. Keys are nobody else's business. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    throw new TsmoltError('TSM4006', {
      message: `cannot write the state file ${path}`,
      advice: 'Name a file in a directory that exists and is writable with --state-file.',
      cause,
    });
  }
}

/** Undefined where there is no such file. */
async function readState(path: string): Promise<SavedState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new TsmoltError('TSM4006', {
      message: `cannot read the state file ${path}`,
      advice: 'Name another file with --state-file, or make this one readable.',
      cause,
    });
  }
  try {
    const state = JSON.parse(text) as Partial<SavedState>;
    if (state.what === stateFormat) return state as SavedState;
  } catch {
    // Text that is no JSON is no state either.
  }
  throw new TsmoltError('TSM6103', {
    message: `${path} holds no state of a verification by this version of tsmolt`,
    advice: 'Name another file with --state-file, or remove this one to begin anew.',
  });
}

function refuseOther(options: VerifyOptions, saved: SavedState): void {
  for (const side of ['source', 'target'] as const) {
    const { product: _old, ...before } = saved[side];
    const { product: _new, ...now } = savedDatabase('', options[side].url);
    if (JSON.stringify(before) !== JSON.stringify(now)) {
      throw cannotContinue(
        options,
        `it tells of another ${side}: ${before.database} at ${before.host}, not ${now.database} at ${now.host}`,
      );
    }
  }
  const now = savedOptions(options);
  const other = Object.keys(now).filter((name) => now[name] !== saved.options[name]);
  if (other.length > 0)
    throw cannotContinue(options, `it was begun with another value of ${other.join(', ')}`);
}

function cannotContinue({ stateFile = '' }: VerifyOptions, reason: string): TsmoltError {
  return new TsmoltError('TSM6103', {
    message: `the verification in ${stateFile} cannot be gone on with: ${reason}`,
    advice: `Give the flags that it was begun with, or remove ${stateFile} to begin anew.`,
  });
}
