import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';

const frame = /\(?userscript\.js:(\d+):(\d+)\)?\s*$/;

/** Finds where in the user's files something happened, by the compiled code's position. */
export class ScriptPositions {
  readonly #map: SourceMap;
  readonly #nameOf: (source: string) => string | undefined;

  /** @param nameOf how a source is called in messages; undefined for those that are not the user's */
  constructor(map: string, nameOf: (source: string) => string | undefined) {
    this.#map = new SourceMap(JSON.parse(map) as SourceMapPayload);
    this.#nameOf = nameOf;
  }

  /** `script.ts:12:5`, the innermost place of a stack that is in the user's files. Undefined where none is. */
  locate(stack: string): string | undefined {
    return stack
      .split('\n')
      .map((line) => frame.exec(line))
      .map((match) => match && this.#original(Number(match[1]), Number(match[2])))
      .find((place) => typeof place === 'string');
  }

  #original(line: number, column: number): string | undefined {
    const entry = this.#map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') return undefined;
    const name = this.#nameOf(entry.originalSource);
    return name && `${name}:${String(entry.originalLine + 1)}:${String(entry.originalColumn + 1)}`;
  }
}
