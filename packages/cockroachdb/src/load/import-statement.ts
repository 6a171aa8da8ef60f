import type { ImportFile, ImportRequest } from '@tsmolt/core';
import { columnList, quoteLiteral, quoteTable } from '@tsmolt/pgwire';

/**
 * The statement that starts the job and does not wait for it. Source: CockroachDB manual, "IMPORT INTO".
 *
 * It holds the secrets of the URLs: it must not be logged.
 */
export function importStatement(
  request: Pick<ImportRequest, 'table' | 'columns' | 'format' | 'files'>,
): string {
  const urls = request.files.map(({ url }) => quoteLiteral(url.reveal()));
  const options = ['detached'];
  if (request.format === 'csv-marked-null') options.push(`nullif = '\\N'`);
  // A `*` in a file's name is a `*`.
  if (request.files.some(({ url }) => /[*?[]/.test(pathOf(url.reveal()))))
    options.push('disable_glob_matching');
  return (
    `IMPORT INTO ${quoteTable(request.table)}${columnList(request.columns)} ` +
    `CSV DATA (${urls.join(', ')}) WITH ${options.join(', ')}`
  );
}

/**
 * Where a URL points, as far as CockroachDB leaves it as it was where it hides the secrets: without parameters. Of HTTP
 * the last two names of the path, table and file: the next process serves the same directory at another port, under
 * another token.
 */
export function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host } = new URL(url);
  return /^https?:$/.test(protocol)
    ? pathOf(url).split('/').slice(-2).join('/')
    : `${protocol}//${host}${pathOf(url)}`;
}

function pathOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Whether a job's description is that of an import of exactly these files, in whatever order. */
export function describesFiles(description: string, files: readonly ImportFile[]): boolean {
  const described = urlsOf(description).map(placeOf).toSorted();
  const wanted = files.map(({ url }) => placeOf(url.reveal())).toSorted();
  return described.length === wanted.length && described.every((place, index) => place === wanted[index]);
}

/** The URLs in `... DATA ('a', e'b') ...`. */
function urlsOf(description: string): string[] {
  const data = /\bDATA \(((?:\s*,?\s*e?'(?:[^'\\]|''|\\[^])*')*)/i.exec(description)?.[1] ?? '';
  return [...data.matchAll(/(e?)'((?:[^'\\]|''|\\[^])*)'/gi)].map(([, escaped = '', text = '']) => {
    const plain = text.replaceAll("''", "'");
    return escaped === '' ? plain : plain.replaceAll(/\\([^])/g, '$1');
  });
}

/**
 * Whether a description as lists show it, cut off after some characters, may be that of an import into the table: the
 * whole one has to be asked for, one job at a time.
 */
export function mayBeInto(listed: string, table: string): boolean {
  const unquoted = listed.replaceAll('"', '');
  return !unquoted.includes('(') || unquoted.includes(`.${table.replaceAll('"', '')}(`);
}
