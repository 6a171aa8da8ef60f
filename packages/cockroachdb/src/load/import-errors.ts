import { displayName, TsmoltError } from '@tsmolt/core';
import type { ImportFile, TableName } from '@tsmolt/core';
import { placeOf } from './import-statement.js';

/** A row that the server repeats may be long, and it is somebody's data. */
const mostCharacters = 400;

const nothingImported = 'Nothing of these files was imported.';

interface Cause {
  readonly pattern: RegExp;
  readonly code: 'TSM4009' | 'TSM6003';
  readonly advice: string;
}

/** What the words of a failed job mean. Source: CockroachDB manual, "Common errors" and "IMPORT INTO". */
const causes: readonly Cause[] = [
  {
    pattern: /ingested key collides with an existing one/i,
    code: 'TSM4009',
    advice: `The target holds rows with keys of the source already: use --table-handling truncate-if-exists. ${nothingImported}`,
  },
  {
    pattern: /duplicate key in (primary )?index/i,
    code: 'TSM4009',
    advice: `Two rows have one key on the target (a collation or a type that tells them apart on the source only?): change the key of the target table. ${nothingImported}`,
  },
  {
    pattern: /connection refused|no such host|i\/o timeout|connection reset|EOF$|\b50[0234]\b|SlowDown/i,
    code: 'TSM6003',
    advice: `Every node of the cluster must be able to read the files: check the address that the nodes are given, and the firewall between. ${nothingImported}`,
  },
  {
    pattern: /disk (is )?full|out of disk|memory budget exceeded|no space left/i,
    code: 'TSM4009',
    advice: `Give the cluster more room, or lower --import-batch-size, then run again. ${nothingImported}`,
  },
];

/**
 * The error of a job that has failed and was undone: `TSM4009`, or `TSM6003` where the same job may succeed another time.
 *
 * @param text the job's own error: its URLs, which CockroachDB prints without their secrets, become the names of the files
 */
export function importRefused(text: string, table: TableName, files: readonly ImportFile[]): TsmoltError {
  const places = new Set([...text.matchAll(urls)].map(([url]) => placeOf(url)));
  const named = files.filter(({ url }) => places.has(placeOf(url.reveal())));
  const [only] = named.length === 1 ? named : files.length === 1 ? files : [];
  const row = /error parsing row (\d+): /.exec(text);
  const place = only === undefined ? `one of ${files.map(({ name }) => name).join(', ')}` : only.name;
  // What a refused row holds may look like anything.
  const cause = row === null ? causes.find(({ pattern }) => pattern.test(text)) : undefined;
  const sentence = (row === null ? text : text.slice(row.index + row[0].length)).slice(0, mostCharacters);
  return new TsmoltError(cause?.code ?? 'TSM4009', {
    message: `importing ${displayName(table)}: ${place}${row === null ? '' : `, row ${row[1]}`}: ${withoutUrls(sentence, files)}`,
    advice:
      cause?.advice ??
      `Correct the row on the source, or change the column on the target, then run again. ${nothingImported}`,
  });
}

/** A URL up to where the sentence around it goes on. */
const urls = /\b[a-z][a-z0-9+.-]*:\/\/[^\s'"]+?(?=[:,;.)]*(?:[\s'"]|$))/gi;

/** Names in the place of URLs: those hold secrets, in their parameters or, for our own HTTP server, in their path. */
function withoutUrls(text: string, files: readonly ImportFile[]): string {
  return text.replaceAll(urls, (url) => {
    const file = files.find((one) => placeOf(one.url.reveal()) === placeOf(url));
    return file?.name ?? placeOf(url).split('/').at(-1) ?? '';
  });
}

/**
 * The error of the statement that starts a job, which a server may repeat with all that is in it.
 *
 * Its cause is left out for the same reason.
 */
export function withoutSecrets(error: TsmoltError, files: readonly ImportFile[]): TsmoltError {
  return new TsmoltError(error.code, {
    message: withoutUrls(error.message, files),
    advice: error.advice,
    ...(error.serverCode === undefined ? {} : { serverCode: error.serverCode }),
  });
}

export function alreadyImporting(table: TableName): TsmoltError {
  return new TsmoltError('TSM4009', {
    message: `importing ${displayName(table)}: the table is offline, for another import works on it`,
    advice:
      'Look at SHOW JOBS on the target: wait until that import is over, or cancel it with CANCEL JOB. While a table is ' +
      'imported nobody can read it or write it.',
  });
}

export function cancelledBySomebody(table: TableName, job: string): TsmoltError {
  return new TsmoltError('TSM4009', {
    message: `importing ${displayName(table)}: job ${job} was cancelled on the server`,
    advice: `Find out who cancelled it, then run again. ${nothingImported}`,
  });
}

export function outcomeUnknown(table: TableName, what: string, cause?: unknown): TsmoltError {
  return new TsmoltError('TSM4007', {
    message: `importing ${displayName(table)}: ${what}`,
    advice:
      'Look at the IMPORT jobs in SHOW JOBS on the target and at the rows of the table; if in doubt, run again with ' +
      '--table-handling truncate-if-exists.',
    cause,
  });
}
