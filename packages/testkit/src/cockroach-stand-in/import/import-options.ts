import type { ServerError } from '../wire/messages.js';
import type { CsvDialect } from './csv-reader.js';

/** The options of IMPORT INTO ... CSV that the stand-in keeps. */
export interface ImportOptions extends CsvDialect {
  readonly nullif: string | undefined;
  readonly allowQuotedNull: boolean;
  readonly skip: number;
  readonly rowLimit: number | undefined;
  readonly decompress: 'auto' | 'gzip' | 'none';
  readonly detached: boolean;
}

export type GivenOptions = ReadonlyMap<string, string | undefined>;

const known: ReadonlySet<string> = new Set([
  'delimiter', 'comment', 'nullif', 'allow_quoted_null', 'skip', 'row_limit', 'strict_quotes', 'decompress', 'detached',
  'disable_glob_matching', 'sstsize', 'oversample', 'experimental_save_rejected',
]); // prettier-ignore

/** @returns an error as CockroachDB raises it for an option that it does not know, or a value that it does not take */
export function readImportOptions(given: GivenOptions): ImportOptions | { readonly refused: ServerError } {
  const decompress = given.get('decompress')?.toLowerCase() ?? 'auto';
  if (decompress !== 'auto' && decompress !== 'gzip' && decompress !== 'none')
    return refused(`unsupported compression value: "${decompress}"`);
  const options: ImportOptions = {
    delimiter: given.get('delimiter') ?? ',',
    comment: given.get('comment'),
    strictQuotes: given.has('strict_quotes'),
    nullif: given.get('nullif'),
    allowQuotedNull: given.has('allow_quoted_null'),
    skip: Number(given.get('skip') ?? 0),
    rowLimit: given.has('row_limit') ? Number(given.get('row_limit')) : undefined,
    decompress,
    detached: given.has('detached'),
  };
  return wrongOption(given, options) ?? options;
}

function wrongOption(
  given: GivenOptions,
  { delimiter, skip, rowLimit }: ImportOptions,
): { readonly refused: ServerError } | undefined {
  const unknown = [...given.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) return refused(`invalid option "${unknown}" specified for CSV import format`);
  if (!/^.$/su.test(delimiter)) return refused('invalid comma value', '42601');
  if (!Number.isInteger(skip)) return refused('invalid numeric skip value', '42601');
  if (skip < 0) return refused('skip must be >= 0');
  return rowLimit === undefined || rowLimit > 0 ? undefined : refused('row_limit must be > 0');
}

function refused(message: string, sqlstate = 'XXUUU'): { readonly refused: ServerError } {
  return { refused: { sqlstate, message } };
}
