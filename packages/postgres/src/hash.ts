import { withoutDomain } from '@tsmolt/core';
import type {
  HashAlgorithm,
  HashColumn,
  HashRequest,
  LogicalType,
  RowHasher,
  RowsDigest,
} from '@tsmolt/core';
import { queryRowsDigest, quoteColumns, quoteIdentifier } from '@tsmolt/pgwire';
import type { SessionPool, VerifierDialect } from '@tsmolt/pgwire';
import { from } from './sql.js';

/** Hashes rows with the server's own functions; the pool decides whether that is now or inside a snapshot. */
export class PostgresRowHasher implements RowHasher {
  readonly algorithms: readonly HashAlgorithm[] = ['hash-extended', 'md5', 'sha256'];
  readonly #pool: SessionPool;

  constructor(pool: SessionPool) {
    this.#pool = pool;
  }

  canHash(_type: LogicalType): boolean {
    return true;
  }

  hashRows(request: HashRequest): Promise<RowsDigest> {
    return queryRowsDigest(this.#pool, request.table.name, hashStatement(request));
  }
}

/**
 * An expression that is evaluated once a row. Without it the planner puts the expression in the place of its name, and
 * it is evaluated once a use; a volatile function in it keeps the planner from that. `OFFSET 0` would too, but all rows
 * would then go through one process to be summed; this function is safe in parallel workers.
 */
function once(expression: string): string {
  return `CASE WHEN clock_timestamp() IS NOT NULL THEN ${expression} END`;
}

/** How a comparison row by row is written for PostgreSQL. */
export const verifierDialect: VerifierDialect = {
  from,
  canonicalText: (name, type) => canonicalText(name, withoutDomain(type)),
  rowDigest: (columns, algorithm) => rowText[algorithm](columns),
  parts: (algorithm, digest) => digestParts[algorithm](digest),
  once,
};

/** One aggregate over the whole table. The sums are exact (numeric) and do not depend on the order of rows. */
export function hashStatement(
  request: Pick<HashRequest, 'table' | 'columns' | 'algorithm' | 'condition'>,
): string {
  const [first, second] = digestParts[request.algorithm]('h');
  const where = request.condition === undefined ? '' : ` WHERE ${request.condition}`;
  return (
    `SELECT count(*) AS rows, coalesce(sum(${first}), 0)::text AS first, coalesce(sum(${second}), 0)::text AS second ` +
    `FROM (SELECT ${once(rowText[request.algorithm](request.columns))} AS h FROM ${from(request.table)}${where}) AS hashed`
  );
}

type DigestParts = (digest: string) => readonly [string, string];

/** The first 14 bytes of a digest in hexadecimal, as two numbers. */
const hexadecimalParts: DigestParts = (digest) => [
  `('x' || substr(${digest}, 1, 14))::bit(56)::bigint`,
  `('x' || substr(${digest}, 15, 14))::bit(56)::bigint`,
];

const digestParts: Readonly<Record<HashAlgorithm, DigestParts>> = {
  'hash-extended': (digest) => [`hashtextextended(${digest}, 0)`, `hashtextextended(${digest}, 1)`],
  md5: hexadecimalParts,
  sha256: hexadecimalParts,
};

/** The text of a row is unambiguous: `ROW(...)::text` quotes what needs it, the other forms end and escape each value. */
const rowText: Readonly<Record<HashAlgorithm, (columns: readonly HashColumn[]) => string>> = {
  'hash-extended': (columns) =>
    `ROW(${quoteColumns(columns.map((column) => column.name))})::text COLLATE "C"`,
  md5: (columns) => `md5(${concatenated(columns.map(markedText))})`,
  sha256: (columns) => `encode(sha256(convert_to(${concatenated(columns.map(markedText))}, 'UTF8')), 'hex')`,
};

/** PostgreSQL's limit for the arguments of a function (`FUNC_MAX_ARGS`). */
const maxArguments = 100;

/** All parts as one text; more of them than a function takes become a concatenation of concatenations. */
function concatenated(parts: readonly string[]): string {
  if (parts.length === 0) return `''`;
  if (parts.length <= maxArguments) return `concat(${parts.join(', ')})`;
  const groups = Array.from({ length: Math.ceil(parts.length / maxArguments) }, (_, index) =>
    concatenated(parts.slice(index * maxArguments, (index + 1) * maxArguments)),
  );
  return concatenated(groups);
}

/** `v` and the value, escaped, and `;`; or `n;` for NULL. */
function markedText(column: HashColumn): string {
  const text = canonicalText(quoteIdentifier(column.name), withoutDomain(column.type));
  return `coalesce('v' || replace(replace(${text}, '\\', '\\\\'), ';', '\\;') || ';', 'n;')`;
}

function canonicalText(name: string, type: LogicalType): string {
  return type.kind === 'bytes' ? `encode(${name}, 'hex')` : `${name}::text`;
}
