/** Where a text stops being JSON, and why. Line and column count from 1; a column is a UTF-16 unit. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly fault: string;
}

const whiteSpace = /[ \t\r\n]*/y;
// Of the control characters a string may hold those from DEL on.
const string = String.raw`"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"`;
const number = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
const name = new RegExp(string, 'uy');
const scalar = new RegExp(`${string}|${number}|true|false|null`, 'uy');

/** Finds the place for which `JSON.parse` refused a text: its own messages name one only sometimes. */
export function findJsonFault(text: string): JsonFault {
  const scanner = new Scanner(text);
  scanner.document();
  const before = text.slice(0, scanner.position).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, fault: scanner.fault };
}

/** Walks through a text by JSON's grammar (RFC 8259) until it stops fitting. */
class Scanner {
  readonly #text: string;
  position = 0;
  #expected = '';

  constructor(text: string) {
    this.#text = text;
  }

  get fault(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.position) ?? 0);
    const found = this.position >= this.#text.length ? 'the end of the file' : JSON.stringify(character);
    return `found ${found}, expected ${this.#expected}`;
  }

  document(): boolean {
    return this.#value() && (this.position >= this.#text.length || this.#expect('the end of the file'));
  }

  /** The methods below return whether the text fits; where it does not, `position` stays at the fault. */
  #value(): boolean {
    this.#eat(whiteSpace);
    const opening = this.#text[this.position];
    if (opening === '{') return this.#list('}', () => this.#member());
    if (opening === '[') return this.#list(']', () => this.#value());
    if (!this.#eat(scalar)) return this.#expect('a value');
    this.#eat(whiteSpace);
    return true;
  }

  #member(): boolean {
    this.#eat(whiteSpace);
    if (!this.#eat(name)) return this.#expect('a key in double quotes');
    this.#eat(whiteSpace);
    return this.#take(':') ? this.#value() : this.#expect('":"');
  }

  #list(closing: string, item: () => boolean): boolean {
    this.position++;
    this.#eat(whiteSpace);
    let open = !this.#take(closing);
    while (open) {
      if (!item()) return false;
      if (this.#take(closing)) open = false;
      else if (!this.#take(',')) return this.#expect(`"," or "${closing}"`);
    }
    this.#eat(whiteSpace);
    return true;
  }

  #take(character: string): boolean {
    if (this.#text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  #eat(pattern: RegExp): boolean {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.#text);
    this.position += match?.[0].length ?? 0;
    return match !== null;
  }

  #expect(what: string): false {
    this.#expected = what;
    return false;
  }
}
