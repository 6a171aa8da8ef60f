import { loadable, sameCanonicalText, sortsAlike, TsmoltError } from '@tsmolt/core';
import type { Column, ColumnPair, Database, HashAlgorithm, HashColumn, RowHasher, RowVerifier, TablePair } from '@tsmolt/core'; // prettier-ignore
import type { VerifyOptions } from './options.js';

/** One side of a comparison. */
export interface Side {
  readonly verifier: RowVerifier;
  readonly pair: TablePair;
  readonly name: 'source' | 'target';
  readonly key: readonly HashColumn[];
  readonly hashed: readonly HashColumn[];
  /** Columns whose texts differ between the engines for equal values. */
  readonly byMeaning: readonly HashColumn[];
  readonly condition?: string;
}

/** How the rows of a table are compared. */
export interface Comparison {
  readonly pair: TablePair;
  readonly source: Side;
  readonly target: Side;
  readonly algorithm: HashAlgorithm;
  /** False where the rows have no key: then they are compared as a multiset. */
  readonly keyed: boolean;
  /** Whether ranges of keys mean the same rows on both sides. */
  readonly rangeable: boolean;
  /** Columns that cannot be compared at all: what matches does so conditionally. */
  readonly left: readonly ColumnPair[];
}

/** @throws TsmoltError `TSM2008` when the two servers share no row hash */
export function planComparison(options: VerifyOptions, pair: TablePair): Comparison {
  const [source, target] = [hasherOf(options.source), hasherOf(options.target)];
  const algorithm = source.algorithms.find((candidate) => target.algorithms.includes(candidate));
  if (algorithm === undefined) throw noCommonHash(options);
  const comparable = pair.columns.filter((columns) => loadable(columns.source.type, columns.target.type));
  const left = pair.columns.filter((columns) => !comparable.includes(columns));
  const key = keyPairs(pair, comparable);
  const keyed = key !== undefined;
  const hashable = (columns: ColumnPair): boolean =>
    sameCanonicalText(columns.source.type, columns.target.type) &&
    source.canHash(columns.source.type) &&
    target.canHash(columns.source.type);
  const hashed = comparable.filter(hashable);
  const identity = key ?? hashed;
  const sideOf = (name: Side['name']): Side => ({
    name,
    pair,
    verifier: verifierOf(name === 'source' ? options.source : options.target),
    key: identity.map((columns) => hashColumn(columns, name)),
    hashed: hashed.map((columns) => hashColumn(columns, name)),
    byMeaning: comparable.filter((columns) => !hashable(columns)).map((columns) => hashColumn(columns, name)),
    ...conditionOf(pair, name),
  });
  return {
    pair,
    source: sideOf('source'),
    target: sideOf('target'),
    algorithm,
    keyed,
    rangeable: keyed && identity.every((columns) => hashable(columns) && sortsAlike(columns.source.type)),
    left,
  };
}

/** The text that is compared is that of the source's type on both sides. */
function hashColumn({ source, target }: ColumnPair, side: Side['name']): HashColumn {
  const own: Column = side === 'source' ? source : target;
  return { name: own.name, type: source.type };
}

function conditionOf(pair: TablePair, side: Side['name']): { readonly condition?: string } {
  const condition = side === 'source' ? pair.filter : (pair.targetFilter ?? pair.filter);
  return condition === undefined ? {} : { condition };
}

/** The source's primary key, where all of its columns are compared. */
function keyPairs(pair: TablePair, comparable: readonly ColumnPair[]): ColumnPair[] | undefined {
  const names = pair.source.primaryKey?.columns;
  if (names === undefined) return undefined;
  const found = names.map((name) => comparable.find(({ source }) => source.name === name));
  return found.some((columns) => columns === undefined)
    ? undefined
    : found.filter((columns) => columns !== undefined);
}

function hasherOf(database: Database): RowHasher {
  if (database.rowHasher !== undefined) return database.rowHasher;
  throw cannotVerify(database);
}

function verifierOf(database: Database): RowVerifier {
  if (database.rowVerifier !== undefined) return database.rowVerifier;
  throw cannotVerify(database);
}

function cannotVerify(database: Database): TsmoltError {
  return new TsmoltError('TSM2008', {
    message: `${database.product} at ${database.url.host} cannot be verified`,
    advice: 'Use PostgreSQL, CockroachDB, MySQL or MariaDB.',
  });
}

function noCommonHash({ source, target }: VerifyOptions): TsmoltError {
  return new TsmoltError('TSM2008', {
    message: `${source.product} and ${target.product} share no row hash`,
    advice: 'Upgrade the older server.',
  });
}
