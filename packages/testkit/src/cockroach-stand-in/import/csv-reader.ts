/** One field as it stood in the file: whether it was quoted decides between NULL and the empty string. */
export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
}

export type CsvRecord = readonly CsvField[];

export interface CsvDialect {
  readonly delimiter: string;
  /** Lines that start with it are no records. */
  readonly comment: string | undefined;
  /** A quote inside an unquoted field is an error; otherwise it is taken literally. */
  readonly strictQuotes: boolean;
}

/**
 * Reads CSV as CockroachDB's IMPORT does, whose reader is Go's `encoding/csv` with LazyQuotes: empty lines are no records,
 * `\r\n` ends a line as `\n` does, and a quoted field may go on over lines, each kept as it is.
 */
export class CsvReader {
  readonly #dialect: CsvDialect;
  #records: CsvRecord[] = [];
  #rest = '';
  #fields: CsvField[] = [];
  /** The text of a quoted field whose end has not come yet. */
  #open: string | undefined;

  constructor(dialect: CsvDialect) {
    this.#dialect = dialect;
  }

  /** The records that end in what has come so far. */
  push(chunk: string): readonly CsvRecord[] {
    const text = this.#rest + chunk;
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#line(text.slice(from, end));
      from = end + 1;
    }
    this.#rest = text.slice(from);
    return this.#take();
  }

  /** The record that no line break ends. */
  end(): readonly CsvRecord[] {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    if (this.#open !== undefined) {
      if (this.#dialect.strictQuotes) throw new Error('extraneous or missing " in quoted-field');
      this.#close();
      this.#emit();
    }
    return this.#take();
  }

  #take(): readonly CsvRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #line(raw: string): void {
    if (this.#open !== undefined) {
      this.#open += '\n';
      return this.#quoted(raw, 0);
    }
    const { comment, delimiter } = this.#dialect;
    if (comment !== undefined && raw.startsWith(comment)) return undefined;
    // A quoted field may begin in this line and go on: then the `\r` at the line's end is part of it.
    if (raw.includes('"')) return this.#unquoted(raw, 0);
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === '') return undefined;
    this.#records.push(line.split(delimiter).map((text) => ({ text, quoted: false })));
    return undefined;
  }

  #unquoted(line: string, from: number): void {
    const { delimiter, strictQuotes } = this.#dialect;
    for (let at = from; ;) {
      if (line[at] === '"') {
        this.#open = '';
        return this.#quoted(line, at + 1);
      }
      const end = line.indexOf(delimiter, at);
      const text = end < 0 ? line.slice(at).replace(/\r$/, '') : line.slice(at, end);
      if (strictQuotes && text.includes('"')) throw new Error('bare " in non-quoted-field');
      this.#fields.push({ text, quoted: false });
      if (end < 0) return this.#emit();
      at = end + delimiter.length;
    }
  }

  /** From inside a quoted field on. */
  #quoted(line: string, from: number): void {
    const { delimiter, strictQuotes } = this.#dialect;
    for (let at = from; ;) {
      const quote = line.indexOf('"', at);
      this.#open += quote < 0 ? line.slice(at) : line.slice(at, quote);
      if (quote < 0) return;
      at = quote + 1;
      if (at === line.length || (line[at] === '\r' && at + 1 === line.length)) {
        this.#close();
        return this.#emit();
      }
      if (line.startsWith(delimiter, at)) {
        this.#close();
        return this.#unquoted(line, at + delimiter.length);
      }
      if (line[at] === '"') at++;
      else if (strictQuotes) throw new Error('extraneous or missing " in quoted-field');
      this.#open += '"';
    }
  }

  #close(): void {
    this.#fields.push({ text: this.#open ?? '', quoted: true });
    this.#open = undefined;
  }

  #emit(): void {
    this.#records.push(this.#fields);
    this.#fields = [];
  }
}
