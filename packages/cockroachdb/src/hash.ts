import { textFraming, withoutDomain } from '@tsmolt/core';
import type {
  HashAlgorithm,
  HashColumn,
  HashRequest,
  LogicalType,
  RowHasher,
  RowsDigest,
} from '@tsmolt/core';
import { queryRowsDigest, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { SessionPool, VerifierDialect } from '@tsmolt/pgwire';

/** Kinds whose text CockroachDB prints as PostgreSQL does; the others differ (floats, decimals, JSON) or are not proved to agree. */
const commonText = new Set<LogicalType['kind']>([
  'boolean', 'integer', 'string', 'bytes', 'date', 'timestamp', 'uuid', 'enum',
]); // prettier-ignore

/** Hashes rows with functions that CockroachDB shares with PostgreSQL. */
export class CockroachRowHasher implements RowHasher {
  readonly algorithms: readonly HashAlgorithm[] = ['md5', 'sha256'];
  readonly #pool: SessionPool;

  constructor(pool: SessionPool) {
    this.#pool = pool;
  }

  canHash(declared: LogicalType): boolean {
    const type = withoutDomain(declared);
    if (type.kind === 'string') return type.padded !== true;
    return commonText.has(type.kind);
  }

  hashRows(request: HashRequest): Promise<RowsDigest> {
    return queryRowsDigest(this.#pool, request.table.name, hashStatement(request));
  }
}

/** The same two sums that the PostgreSQL adapter computes for `md5` and `sha256`: numbers of 7 bytes each, from the digest's front. */
export function hashStatement(
  request: Pick<HashRequest, 'table' | 'columns' | 'algorithm' | 'condition'>,
): string {
  const parts = request.columns.map(framedText).join(' || ');
  const where = request.condition === undefined ? '' : ` WHERE ${request.condition}`;
  return (
    `SELECT count(*) AS rows, coalesce(sum(${sevenBytes(0)}), 0)::STRING AS first, ` +
    `coalesce(sum(${sevenBytes(7)}), 0)::STRING AS second ` +
    `FROM (SELECT decode(${functions[request.algorithm]}(${parts === '' ? "''" : parts}), 'hex') AS h FROM ${quoteTable(request.table.name)}${where}) AS hashed`
  );
}

/** Both give hexadecimal text here. `hash-extended` is not among the algorithms that this adapter offers. */
const functions: Readonly<Record<HashAlgorithm, string>> = {
  'hash-extended': 'md5',
  md5: 'md5',
  sha256: 'sha256',
};

/** Big-endian: bytes are taken one by one because a cast of hexadecimal text to a number is not CockroachDB's. */
function sevenBytes(from: number, digest = 'h'): string {
  const bytes = Array.from(
    { length: 7 },
    (_, index) => `(get_byte(${digest}, ${from + index})::INT8 << ${8 * (6 - index)})`,
  );
  return `(${bytes.join(' | ')})`;
}

/** The value, set off from its neighbours. */
function framedText(column: HashColumn): string {
  const name = quoteIdentifier(column.name);
  const text = canonicalText(name, column.type);
  if (textFraming(column.type) === 'ended') return `coalesce(${text}, '') || ';'`;
  const isBytes = withoutDomain(column.type).kind === 'bytes';
  const length = isBytes ? `octet_length(${name})` : `char_length(${text})`;
  return `coalesce(${length}::STRING || ':' || ${text}, ':')`;
}

/** As PostgreSQL prints it. */
function canonicalText(name: string, declared: LogicalType): string {
  const type = withoutDomain(declared);
  if (type.kind === 'bytes') return `encode(${name}, 'hex')`;
  if (type.kind === 'timestamp' && type.withZone) return instantText(name);
  return `${name}::STRING`;
}

/** The zone stands before the era, and an instant without end has none. */
function instantText(name: string): string {
  const text = `(${name} AT TIME ZONE 'UTC')::STRING || '+00'`;
  return `replace(replace(${text}, ' BC+00', '+00 BC'), 'infinity+00', 'infinity')`;
}

/** How a comparison row by row is written for CockroachDB. */
export const verifierDialect: VerifierDialect = {
  from: (table) => quoteTable(table.name),
  canonicalText,
  rowDigest: (columns, algorithm) => {
    const parts = columns.map(framedText).join(' || ');
    return `decode(${functions[algorithm]}(${parts === '' ? "''" : parts}), 'hex')`;
  },
  parts: (_algorithm, digest) => [sevenBytes(0, digest), sevenBytes(7, digest)],
  // The optimizer keeps a projection that is used several times.
  once: (expression) => expression,
  // There is no TABLESAMPLE.
  sample: () => undefined,
};
