import { textFraming, withoutDomain } from '@tsmolt/core';
import type {
  HashAlgorithm,
  HashColumn,
  HashRequest,
  LogicalType,
  RowHasher,
  RowsDigest,
  Table,
} from '@tsmolt/core';
import { queryRowsDigest, quoteIdentifier } from '@tsmolt/pgwire';
import type { KeySample, SessionPool, VerifierDialect } from '@tsmolt/pgwire';
import { charText, charValue, heldChar, knowsOctalChar } from './types/one-byte-char.js';
import { from } from './sql.js';

/** Hashes rows with the server's own functions; the pool decides whether that is now or inside a snapshot. */
export class PostgresRowHasher implements RowHasher {
  readonly algorithms: readonly HashAlgorithm[] = ['hash-extended', 'md5', 'sha256'];
  readonly #pool: SessionPool;
  readonly #versionNumber: number;

  constructor(pool: SessionPool, versionNumber: number) {
    this.#pool = pool;
    this.#versionNumber = versionNumber;
  }

  canHash(_type: LogicalType): boolean {
    return true;
  }

  hashRows(request: HashRequest): Promise<RowsDigest> {
    return queryRowsDigest(this.#pool, request.table.name, hashStatement(request, this.#versionNumber));
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

/** How a comparison row by row is written for PostgreSQL of this `server_version_num`. */
export function verifierDialect(versionNumber: number): VerifierDialect {
  return {
    from,
    canonicalText: (name, type) => canonicalText(name, withoutDomain(type), versionNumber),
    misread: (text, type) => (printsBareChar(type, versionNumber) ? charValue(text) : undefined),
    rowDigest: (columns, algorithm) => rowText[algorithm](columns, versionNumber),
    parts: (algorithm, digest) => digestParts[algorithm](digest),
    once,
    sample: keySample,
  };
}

const blockBytes = 8192;

/** A table of fewer blocks has its index read step by step as fast. */
const blocksWorthSampling = 2048;

/** Rows of a block lie close together, mostly: ranges that are made of fewer blocks would be of very different sizes. */
const blocksPerRange = 8;

/** Whole blocks at random, as many for each range. Always the same ones, so that a run can be repeated. */
function keySample(table: Table, rowsPerRange: number): KeySample | undefined {
  const { rows, bytes } = table.estimate;
  const blocks = bytes / blockBytes;
  if (blocks < blocksWorthSampling || rows === 0) return undefined;
  const part = Math.min(1, (blocksPerRange * rows) / blocks / rowsPerRange);
  const sampledRows = Math.max(1, Math.round(rowsPerRange * part));
  const percent = (part * 100).toFixed(6);
  return { from: `${from(table)} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (0)`, rowsPerRange: sampledRows };
}

/** One aggregate over the whole table. The sums are exact (numeric) and do not depend on the order of rows. */
export function hashStatement(
  request: Pick<HashRequest, 'table' | 'columns' | 'algorithm' | 'condition'>,
  versionNumber: number,
): string {
  const [first, second] = digestParts[request.algorithm]('h');
  const where = request.condition === undefined ? '' : ` WHERE ${request.condition}`;
  return (
    `SELECT count(*) AS rows, coalesce(sum(${first}), 0)::text AS first, coalesce(sum(${second}), 0)::text AS second ` +
    `FROM (SELECT ${once(rowText[request.algorithm](request.columns, versionNumber))} AS h FROM ${from(request.table)}${where}) AS hashed`
  );
}

type DigestParts = (digest: string) => readonly [string, string];

/** The first 14 bytes of a digest, as two numbers. A number of bytes costs less than one of hexadecimal digits. */
const byteParts: DigestParts = (digest) => [sevenBytes(digest, 0), sevenBytes(digest, 7)];

function sevenBytes(digest: string, start: number): string {
  const bytes = Array.from(
    { length: 7 },
    (_, index) => `(get_byte(${digest}, ${start + index})::int8 << ${8 * (6 - index)})`,
  );
  return `(${bytes.join(' | ')})`;
}

const digestParts: Readonly<Record<HashAlgorithm, DigestParts>> = {
  'hash-extended': (digest) => [`hashtextextended(${digest}, 0)`, `hashtextextended(${digest}, 1)`],
  md5: (digest) => [
    `('x' || substr(${digest}, 1, 14))::bit(56)::bigint`,
    `('x' || substr(${digest}, 15, 14))::bit(56)::bigint`,
  ],
  sha256: byteParts,
};

/**
 * The text of a row is unambiguous: `ROW(...)::text` quotes what needs it, the other forms are framed (`textFraming`).
 * `hash_record_extended` needs no text, but adds the hashes of the columns up with weights: in a sum over rows, values that
 * changed places between two rows would leave no trace.
 */
const rowText: Readonly<
  Record<HashAlgorithm, (columns: readonly HashColumn[], versionNumber: number) => string>
> = {
  'hash-extended': (columns, versionNumber) =>
    `ROW(${columns.map((column) => printedInRow(column, versionNumber)).join(', ')})::text COLLATE "C"`,
  md5: (columns, versionNumber) => `md5(${concatenated(framedTexts(columns, versionNumber))})`,
  sha256: (columns, versionNumber) =>
    `sha256(convert_to(${concatenated(framedTexts(columns, versionNumber))}, 'UTF8'))`,
};

/** What a row prints as other versions print it. */
function printedInRow({ name, type }: HashColumn, versionNumber: number): string {
  const quoted = quoteIdentifier(name);
  return printsBareChar(type, versionNumber) ? charText(quoted) : quoted;
}

function printsBareChar(type: LogicalType, versionNumber: number): boolean {
  return !knowsOctalChar(versionNumber) && heldChar(type) === 'itself';
}

/** PostgreSQL's limit for the arguments of a function (`FUNC_MAX_ARGS`). */
const maxArguments = 100;

/** All parts as one text, NULL as nothing; more of them than a function takes become a concatenation of concatenations. */
function concatenated(parts: readonly string[]): string {
  if (parts.length === 0) return `''`;
  if (parts.length <= maxArguments) return `concat(${parts.join(', ')})`;
  const groups = Array.from({ length: Math.ceil(parts.length / maxArguments) }, (_, index) =>
    concatenated(parts.slice(index * maxArguments, (index + 1) * maxArguments)),
  );
  return concatenated(groups);
}

function framedTexts(columns: readonly HashColumn[], versionNumber: number): string[] {
  return columns.flatMap((column) => framedText(column, versionNumber));
}

/** Parts of a concatenation, in which NULL is nothing. */
function framedText(column: HashColumn, versionNumber: number): string[] {
  const name = quoteIdentifier(column.name);
  const type = withoutDomain(column.type);
  const text = canonicalText(name, type, versionNumber);
  if (textFraming(type) === 'measured') {
    const length = type.kind === 'bytes' ? `octet_length(${name})` : `char_length(${text})`;
    return [length, `':'`, text];
  }
  return [printedAlike.has(type.kind) ? name : text, `';'`];
}

/** Kinds that a concatenation prints as a cast to text does, and without one in less time. */
const printedAlike: ReadonlySet<LogicalType['kind']> = new Set([
  'integer', 'decimal', 'float', 'date', 'time', 'timestamp', 'interval', 'uuid',
]); // prettier-ignore

function canonicalText(name: string, type: LogicalType, versionNumber: number): string {
  if (printsBareChar(type, versionNumber)) return charText(name);
  return type.kind === 'bytes' ? `encode(${name}, 'hex')` : `${name}::text`;
}
