import { loadable, sameCanonicalText, sortsAlike, TsmoltError, withoutDomain } from '@tsmolt/core';
import type { Column, ColumnPair, Database, HashAlgorithm, HashColumn, LogicalType, RowHasher, RowVerifier, TablePair } from '@tsmolt/core'; // prettier-ignore
import { commonMeaning } from './meaning.js';
import type { VerifyOptions } from './options.js';

/** One side of a comparison: columns have this side's names, and stand at the same places on both sides. */
export interface Side {
  readonly verifier: RowVerifier;
  readonly pair: TablePair;
  readonly name: 'source' | 'target';
  /** What identifies a row: the primary key; of a table without one, the hashed columns. */
  readonly key: readonly HashColumn[];
  /** The front of the key, by which a range means the same rows on both sides. */
  readonly rangeKey: readonly HashColumn[];
  readonly hashed: readonly HashColumn[];
  /** Columns whose texts differ between the engines for equal values. */
  readonly byMeaning: readonly HashColumn[];
  /** Columns that tell which bucket or share a row is in: those of the key that can be hashed. */
  readonly dealtBy: readonly HashColumn[];
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
  /** Whether the key is whole numbers on both sides: then rows can be dealt by their remainders. */
  readonly numbered: boolean;
  /** Columns that cannot be compared at all: what matches does so conditionally. */
  readonly left: readonly ColumnPair[];
  /** The source's names of the columns that a row is named by. */
  readonly identityNames: readonly string[];
  /** Types in whose sense values are compared, by the places of their columns. */
  readonly identityTypes: readonly LogicalType[];
  readonly hashedTypes: readonly LogicalType[];
  readonly byMeaningTypes: readonly LogicalType[];
  readonly dealtBy: readonly HashColumn[];
}

/** @throws TsmoltError `TSM2008` when the two servers share no row hash */
export function planComparison(options: VerifyOptions, pair: TablePair): Comparison {
  const [source, target] = [hasherOf(options.source), hasherOf(options.target)];
  const algorithm = source.algorithms.find((candidate) => target.algorithms.includes(candidate));
  if (algorithm === undefined) throw noCommonHash(options);
  const comparable = pair.columns.filter(isComparable);
  const isHashed = (columns: ColumnPair): boolean =>
    sameText(columns) && source.canHash(columns.source.type) && target.canHash(columns.source.type);
  const hashed = comparable.filter(isHashed);
  const byMeaning = comparable.filter((columns) => !isHashed(columns));
  const primaryKey = keyPairs(pair, comparable);
  const key = primaryKey ?? hashed;
  const identity = primaryKey ?? [...hashed, ...byMeaning];
  const sides = { source: verifierOf(options.source), target: verifierOf(options.target) };
  const sorts = (columns: ColumnPair): boolean =>
    sameOrder(columns) && sides.source.sorts(columns.source.type) && sides.target.sorts(columns.target.type);
  const unsorted = primaryKey?.findIndex((columns) => !sorts(columns)) ?? 0;
  const rangeKey = unsorted < 0 ? key : key.slice(0, unsorted);
  const sideOf = (name: Side['name']): Side => {
    const column = (columns: ColumnPair): HashColumn => sideColumn(columns, name, isHashed(columns));
    return {
      name,
      pair,
      verifier: sides[name],
      key: key.map(column),
      rangeKey: rangeKey.map(column),
      hashed: hashed.map(column),
      byMeaning: byMeaning.map(column),
      dealtBy: key.filter(isHashed).map(column),
      ...conditionOf(pair, name),
    };
  };
  const ofSource = sideOf('source');
  return {
    pair,
    source: ofSource,
    target: sideOf('target'),
    algorithm,
    keyed: primaryKey !== undefined,
    rangeable: rangeKey.length > 0,
    numbered: primaryKey?.every(isNumber) ?? false,
    left: pair.columns.filter((columns) => !isComparable(columns)),
    identityNames: identity.map((columns) => columns.source.name),
    identityTypes: identity.map(meaningType),
    hashedTypes: hashed.map(meaningType),
    byMeaningTypes: byMeaning.map(meaningType),
    dealtBy: ofSource.dealtBy,
  };
}

function isComparable({ source, target }: ColumnPair): boolean {
  const [left, right] = [withoutDomain(source.type), withoutDomain(target.type)];
  // Engines spell the names of their own types in capitals or not.
  if (
    left.kind === 'native' &&
    right.kind === 'native' &&
    left.name.toLowerCase() === right.name.toLowerCase()
  )
    return true;
  // An array is written in one way as an array and in another as JSON.
  return loadable(left, right) && !(left.kind === 'array' && right.kind === 'json');
}

/** An unsigned integer of 64 bits is a decimal elsewhere, without a fraction and with the same text. */
function sameText({ source, target }: ColumnPair): boolean {
  const [left, right] = [withoutDomain(source.type), withoutDomain(target.type)];
  if (left.kind === 'integer' && right.kind === 'decimal') return right.scale === 0;
  return sameCanonicalText(left, right);
}

function isNumber({ source, target }: ColumnPair): boolean {
  return [source, target].every(({ type }) => withoutDomain(type).kind === 'integer');
}

/** Whether the values of both columns stand in one order. */
function sameOrder({ source, target }: ColumnPair): boolean {
  const order = (type: LogicalType): string => {
    const kind = withoutDomain(type).kind;
    return kind === 'integer' ? 'decimal' : kind;
  };
  return sortsAlike(source.type) && sortsAlike(target.type) && order(source.type) === order(target.type);
}

function meaningType({ source, target }: ColumnPair): LogicalType {
  return commonMeaning(source.type, target.type);
}

/** The text that is hashed is that of the source's type on both sides; other values are printed as their own type is. */
function sideColumn({ source, target }: ColumnPair, side: Side['name'], isHashed: boolean): HashColumn {
  const own: Column = side === 'source' ? source : target;
  return { name: own.name, type: isHashed ? source.type : own.type };
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
