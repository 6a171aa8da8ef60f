import { TsmoltError, displayName } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import type { SandboxError, ScriptLimits } from './sandbox.js';
import type { ScriptPositions } from './script-positions.js';
import type { ScriptRow } from './rows.js';

/** What was being done when something went wrong. */
export interface Place {
  /** `onRowUpsert`, or what else ran. */
  readonly handler: string;
  readonly table?: TableName;
  readonly row?: ScriptRow | undefined;
}

interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

const again =
  'Correct the userscript and start again: the rows of this batch were not written, and none is lost.';

/** Words errors of one script: file, line and column of the user's own text, the table, and the key of the row. */
export class FailureReport {
  readonly #file: string;
  readonly #positions: ScriptPositions;
  readonly #limits: Required<ScriptLimits>;

  constructor(file: string, positions: ScriptPositions, limits: Required<ScriptLimits>) {
    this.#file = file;
    this.#positions = positions;
    this.#limits = limits;
  }

  /** What a handler threw. */
  thrown(thrown: Thrown, place: Place): TsmoltError {
    if (thrown.name === 'InternalError' && thrown.message === 'out of memory')
      return this.#outOfMemory(thrown, place);
    const what = thrown.name === '' ? thrown.message : `${thrown.name}: ${thrown.message}`;
    return this.#error(thrown.stack, place, what, again);
  }

  /** Why the sandbox ended. */
  sandbox(error: SandboxError, place: Place): TsmoltError {
    const { reason, thrown } = error.failure;
    const seconds = `${String(this.#limits.rowMs / 1000)} s`;
    switch (reason) {
      case 'time':
        return this.#error(thrown.stack, place, `stopped after ${seconds} of computing`, loops);
      case 'stuck':
        return this.#error(
          '',
          place,
          `stopped after ${seconds} of computing, at this row or shortly after it`,
          loops,
        );
      case 'memory':
        return this.#outOfMemory(thrown, place);
      case 'thrown':
        return this.thrown(thrown, place);
    }
  }

  /** An error of ours, with the place where the script caused it. */
  at(error: TsmoltError, place: Place, stack = ''): TsmoltError {
    return error.at(`${this.#positions.locate(stack) ?? this.#file}: ${placeText(place)}`);
  }

  #outOfMemory({ stack }: Thrown, place: Place): TsmoltError {
    const mebibytes = `${String(Math.round(this.#limits.memoryBytes / (1 << 20)))} MiB`;
    return this.#error(stack, place, `stopped at its memory limit of ${mebibytes}`, keeps);
  }

  #error(stack: string, place: Place, what: string, advice: string): TsmoltError {
    const position = this.#positions.locate(stack) ?? this.#file;
    const where = placeText(place);
    return new TsmoltError('TSM7006', { message: `${position}: ${where}: ${what}`, advice });
  }
}

const loops = 'Look for a loop that does not end, or an expression that takes too long on this row.';
const keeps = 'Look for something that grows with every row, or return less at once.';

function placeText({ handler, table, row }: Place): string {
  const name = table ?? row?.table.name;
  const key = row === undefined ? '' : ` (${keyText(row)})`;
  return name === undefined ? handler : `${handler} of ${displayName(name)}${key}`;
}

/** `id=5, region=eu`: the only values of a row that a message has. */
export function keyText({ table, values }: ScriptRow): string {
  if (table.key.length === 0) return 'a row without a key';
  return table.key.map((index) => `${String(table.columns[index])}=${values[index] ?? 'NULL'}`).join(', ');
}
