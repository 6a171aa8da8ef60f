import { TsmoltError } from '../errors.js';

/** A cursor over the characters (code points) of one pattern that knows how to blame a place in it. */
export class PatternReader {
  readonly #flag: string;
  readonly #pattern: string;
  readonly #characters: readonly string[];
  position = 0;

  constructor(pattern: string, flag: string) {
    this.#flag = flag;
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
  }

  get atEnd(): boolean {
    return this.position >= this.#characters.length;
  }

  /** The character ahead, `''` beyond the end. */
  peek(ahead = 0): string {
    return this.#characters[this.position + ahead] ?? '';
  }

  /** Whether the pattern goes on with this text. */
  sees(text: string): boolean {
    return Array.from(text).every((character, index) => this.peek(index) === character);
  }

  /** Takes the text if the pattern goes on with it. */
  eat(text: string): boolean {
    if (!this.sees(text)) return false;
    this.position += Array.from(text).length;
    return true;
  }

  take(): string {
    const character = this.peek();
    this.position++;
    return character;
  }

  /** Takes characters while they pass, at most `limit`. */
  takeWhile(passes: (character: string) => boolean, limit = Infinity): string {
    let taken = '';
    for (let count = 0; count < limit && !this.atEnd && passes(this.peek()); count++) taken += this.take();
    return taken;
  }

  /** The error for a pattern that PostgreSQL refuses too. */
  invalid(fault: string, advice: string, at = this.position): TsmoltError {
    return this.#error(fault, advice, at);
  }

  /** The error for a pattern that PostgreSQL knows and a JavaScript engine cannot mean in the same way. */
  unsupported(construct: string, advice: string, at = this.position): TsmoltError {
    return this.#error(`tsmolt does not support ${construct}`, advice, at);
  }

  #error(fault: string, advice: string, at: number): TsmoltError {
    return new TsmoltError('TSM1003', {
      message: `${this.#flag} "${this.#pattern}", character ${at + 1}: ${fault}`,
      advice,
    });
  }
}
