import type { CsvField, CsvRecord } from './csv-reader.js';
import { CsvReader } from './csv-reader.js';
import type { ImportOptions } from './import-options.js';

/** A row that is refused before PostgreSQL has seen it. */
export class RowError extends Error {
  readonly row: number;

  constructor(row: number, cause: string) {
    super(cause);
    this.row = row;
  }
}

/** The records of a file, as they come, with the number that errors give the first of each lot. */
export async function* records(
  chunks: AsyncIterable<Buffer | string>,
  options: ImportOptions,
): AsyncGenerator<{ readonly from: number; readonly records: readonly CsvRecord[] }> {
  const reader = new CsvReader(options);
  const decoder = new TextDecoder();
  let from = 1;
  const lot = (found: readonly CsvRecord[]): { from: number; records: readonly CsvRecord[] } => {
    from += found.length;
    return { from: from - found.length, records: found };
  };
  for await (const chunk of chunks)
    yield lot(reader.push(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })));
  yield lot(reader.end());
}

/**
 * A file's rows as lines of PostgreSQL's text format, one for each record, so that the line that PostgreSQL complains about
 * tells the record.
 */
export async function* copyLines(
  chunks: AsyncIterable<Buffer | string>,
  width: number,
  options: ImportOptions,
): AsyncGenerator<Buffer> {
  const last = options.rowLimit === undefined ? Infinity : options.skip + options.rowLimit;
  for await (const lot of records(chunks, options)) {
    let lines = '';
    for (const [index, record] of lot.records.entries()) {
      const row = lot.from + index;
      if (row > options.skip && row <= last) lines += copyLine(record, width, { row, options });
    }
    if (lines !== '') yield Buffer.from(lines);
  }
}

function copyLine(
  record: CsvRecord,
  width: number,
  { row, options }: { readonly row: number; readonly options: ImportOptions },
): string {
  const extra = record.length === width + 1 ? record[width] : undefined;
  // A comma at the end of the line is forgiven.
  const forgiven = extra !== undefined && extra.text === '' && !extra.quoted;
  if (record.length !== width && !forgiven) {
    const message = `expected ${width} fields, got ${record.length} (row: ${rowText(record, options)})`;
    throw new RowError(row, message);
  }
  const values = record.slice(0, width).map((field) => copyValue(field, options));
  return `${values.join('\t')}\n`;
}

function copyValue({ text, quoted }: CsvField, { nullif, allowQuotedNull }: ImportOptions): string {
  if (text === (nullif ?? '') && (!quoted || allowQuotedNull)) return '\\N';
  return /[\\\n\r\t]/.test(text) ? text.replaceAll(/[\\\n\r\t]/g, escaped) : text;
}

function escaped(character: string): string {
  return { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character] ?? '\\\\';
}

/** A record as CockroachDB repeats it in an error; U+0000, which no message of PostgreSQL can hold, is spelled out. */
export function rowText(record: CsvRecord, { delimiter }: Pick<ImportOptions, 'delimiter'>): string {
  return record.map(({ text }) => text.replaceAll('\0', '\\x00')).join(delimiter);
}
