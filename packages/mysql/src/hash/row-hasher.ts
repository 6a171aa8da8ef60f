import { columnOf, displayName, rowsDigest, textFraming, TsmoltError, withoutDomain } from '@tsmolt/core';
import type {
  Column, HashAlgorithm, HashColumn, HashRequest, LogicalType, RowHasher, RowsDigest, UnrepresentablePolicy,
} from '@tsmolt/core'; // prettier-ignore
import { isAtLeast } from '../connect/mysql-server.js';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSession } from '../connect/session.js';
import { bits, floatText, hex, numberText, utf8Text } from '../export/field-text.js';
import { nativeTypeOf } from '../export/native-type.js';
import { storedBytes } from '../export/stored-text.js';
import { effectivePolicy, withPolicy } from '../export/unrepresentable.js';
import { from, quoteIdentifier } from '../sql.js';
import { exactText } from './exact-text.js';

/** A pool of sessions, inside a snapshot or not. */
export interface Sessions {
  use<Result>(subject: string, work: (session: MysqlSession) => Promise<Result>): Promise<Result>;
}

/** From this version on MD5 is an extension that few servers have. */
const withoutMd5 = [9, 0, 0] as const;

/** Hashes rows with the server's own functions, in the forms of PostgreSQL's adapter (`ports/row-hasher.ts`). */
export class MysqlRowHasher implements RowHasher {
  readonly algorithms: readonly HashAlgorithm[];
  readonly #sessions: Sessions;
  readonly #unrepresentable: UnrepresentablePolicy;

  /** @param unrepresentable what an export of the same rows makes of values that no target can hold */
  constructor(
    sessions: Sessions,
    server: Pick<MysqlServer, 'flavour' | 'version'>,
    unrepresentable: UnrepresentablePolicy = 'reject',
  ) {
    this.#sessions = sessions;
    this.#unrepresentable = unrepresentable;
    const lacksMd5 = server.flavour === 'mysql' && isAtLeast(server.version, withoutMd5);
    this.algorithms = lacksMd5 ? ['sha256'] : ['md5', 'sha256'];
  }

  /** Floats and MySQL's JSON are printed in other ways than PostgreSQL prints them. */
  canHash(type: LogicalType): boolean {
    const base = withoutDomain(type);
    return base.kind === 'json' ? base.document === 'text' : hashable.has(base.kind);
  }

  hashRows(request: HashRequest): Promise<RowsDigest> {
    const subject = `hashing ${displayName(request.table.name)}`;
    return this.#sessions.use(subject, async (session) => {
      const rows = await session.query<DigestRow>(hashStatement(request, this.#unrepresentable));
      const row = rows[0];
      if (row === undefined) throw new Error('an aggregate gave no row');
      if (Number(row.unhashed) > 0) throw tooLong(request, row.unhashed);
      return rowsDigest(String(row.row_count), String(row.first_sum), String(row.second_sum));
    });
  }
}

interface DigestRow {
  readonly row_count: string | number;
  readonly unhashed: string | number;
  readonly first_sum: string | number;
  readonly second_sum: string | number;
}

const hashable: ReadonlySet<LogicalType['kind']> = new Set([
  'boolean', 'integer', 'decimal', 'string', 'bytes', 'date', 'time', 'timestamp', 'uuid', 'bit', 'inet', 'enum',
]); // prettier-ignore

/** Kinds whose texts are digits and signs, without a collation. */
const plainKinds: ReadonlySet<LogicalType['kind']> = new Set([
  'boolean', 'integer', 'decimal', 'float', 'bytes', 'bit', 'date', 'time', 'timestamp',
]); // prettier-ignore

type Statement = Pick<HashRequest, 'table' | 'columns' | 'algorithm' | 'condition'>;

/** One aggregate over the rows. The sums are exact (DECIMAL) and do not depend on the order of rows. */
export function hashStatement(request: Statement, unrepresentable: UnrepresentablePolicy = 'reject'): string {
  const { table, columns, algorithm } = request;
  const digest = rowDigest({ table }, columns, algorithm, unrepresentable);
  const where = request.condition === undefined ? '' : ` WHERE ${request.condition}`;
  return (
    `SELECT COUNT(*) AS row_count, COUNT(*) - COUNT(h) AS unhashed, ` +
    `IFNULL(SUM(${digestPart(1)}), 0) AS first_sum, IFNULL(SUM(${digestPart(15)}), 0) AS second_sum ` +
    `FROM (SELECT ${digest} AS h FROM ${from(table)}${where}${computedFirst(table.estimate.rows)}) AS hashed`
  );
}

/** The digest of a row, in hexadecimal; NULL where its text is too long for the server. */
export function rowDigest(
  { table }: Pick<HashRequest, 'table'>,
  columns: readonly HashColumn[],
  algorithm: HashAlgorithm,
  unrepresentable: UnrepresentablePolicy = 'reject',
): string {
  return digests[algorithm](
    concatenated(columns.map((column) => framedText(columnOf(table, column.name), column, unrepresentable))),
  );
}

/** A value as PostgreSQL prints it. */
export function plainText(column: Column, { type }: HashColumn): string {
  return canonicalText(column, withoutDomain(type), 'reject');
}

/** Seven bytes of a digest in hexadecimal, as a number. Sums of such numbers are exact. */
export function digestPart(start: number, digest = 'h'): string {
  return `CAST(CONV(SUBSTR(${digest}, ${start}, 14), 16, 10) AS UNSIGNED)`;
}

/** Digests of more rows than these would fill the server's folder for temporary tables. */
const mostKeptDigests = 2_000_000;

/**
 * Ends a subquery whose digest is used several times. Left to itself the server puts the expression in the place of its
 * name and hashes each row once a use; a subquery with a limit it computes first, and keeps what comes of it.
 *
 * @param rows how many there are, about
 */
export function computedFirst(rows: number): string {
  return rows <= mostKeptDigests ? ` LIMIT ${Number.MAX_SAFE_INTEGER}` : '';
}

const digests: Readonly<Record<HashAlgorithm, (text: string) => string>> = {
  md5: (text) => `MD5(${text})`,
  sha256: (text) => `SHA2(${text}, 256)`,
  'hash-extended': () => {
    throw new Error('hash-extended is an algorithm of PostgreSQL');
  },
};

function concatenated(parts: readonly string[]): string {
  return parts.length === 0 ? `''` : `CONCAT(${parts.join(', ')})`;
}

/** The value, set off from its neighbours (`textFraming`). */
function framedText(column: Column, { type }: HashColumn, unrepresentable: UnrepresentablePolicy): string {
  const base = withoutDomain(type);
  const own = canonicalText(column, base, effectivePolicy(column, unrepresentable));
  const text = withPolicy(column, own, unrepresentable);
  const ended = textFraming(base) === 'ended';
  const name = quoteIdentifier(column.name);
  const counted = text === storedBytes(name) ? name : text;
  const length = base.kind === 'bytes' ? `LENGTH(${name})` : `CHAR_LENGTH(${counted})`;
  // Beside a text with a collation of its own the server would convert, and refuse, bytes that are no text.
  const bytes = counted === name || plainKinds.has(base.kind) ? text : storedBytes(text);
  const value = ended ? `${bytes}, ';'` : `${length}, ':', ${bytes}`;
  if (!column.nullable) return value;
  // A NULL that is not the column's own comes of a text that is too long: it must not pass for a NULL of the column.
  const isNull = text === own ? `${name} IS NULL` : `${text} IS NULL`;
  return `IF(${isNull}, '${ended ? ';' : ':'}', CONCAT(${value}))`;
}

/**
 * As PostgreSQL prints a value of the type.
 *
 * @param policy what becomes of values that no target can hold: what is refused is printed so that it equals no text
 */
function canonicalText(column: Column, type: LogicalType, policy: UnrepresentablePolicy): string {
  const name = quoteIdentifier(column.name);
  const native = nativeTypeOf(column);
  switch (type.kind) {
    case 'boolean':
      return `IF(${name}, 'true', 'false')`;
    case 'integer':
    case 'decimal':
      return numberText(name, native);
    case 'float':
      return `CONCAT(${floatText(name, native)})`;
    case 'bytes':
      return hex(name);
    case 'bit':
      return bits(name, type.length ?? native.length ?? 1);
    case 'date':
      return `CAST(${name} AS CHAR)`;
    case 'time':
      return withoutTrailingZeros(`CAST(${name} AS CHAR)`, native.length);
    case 'timestamp':
      return type.withZone
        ? `CONCAT(${withoutTrailingZeros(`CAST(${name} AS CHAR)`, native.length)}, '+00')`
        : withoutTrailingZeros(`CAST(${name} AS CHAR)`, native.length);
    case 'uuid':
      return native.base === 'binary' ? uuidOfBytes(name) : `LOWER(${utf8Text(name)})`;
    case 'inet':
      return `CONCAT(${utf8Text(name)}, '${native.base === 'inet4' ? '/32' : '/128'}')`;
    default:
      return policy === 'reject' ? exactText(column) : utf8Text(name);
  }
}

/** PostgreSQL prints no zeros at the end of a fraction. */
function withoutTrailingZeros(text: string, fractionDigits: number | undefined): string {
  if (fractionDigits === undefined || fractionDigits === 0) return text;
  return `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${text}))`;
}

function uuidOfBytes(name: string): string {
  const digits = (start: number, length: number): string => `SUBSTR(${hex(name)}, ${start}, ${length})`;
  return `CONCAT_WS('-', ${digits(1, 8)}, ${digits(9, 4)}, ${digits(13, 4)}, ${digits(17, 4)}, ${digits(21, 12)})`;
}

export function tooLong(request: Pick<HashRequest, 'table'>, rows: string | number): TsmoltError {
  return new TsmoltError('TSM3008', {
    message: `${displayName(request.table.name)}: ${rows} rows are too long to be hashed: their text is longer than max_allowed_packet`,
    advice:
      'Raise max_allowed_packet on the source (SET GLOBAL max_allowed_packet = 1073741824), then run again.',
  });
}
