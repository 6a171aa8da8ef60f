import { comparisonKey, displayName } from '../names.js';
import type { TableName } from '../names.js';
import type { Key } from '../schema.js';
import { sameCollation } from './collations.js';
import { loadable } from './loadable.js';
import type { ColumnPair, MatchOptions, TablePair } from './table-pair.js';
import { withoutDomain } from '../types.js';
import type { LogicalType } from '../types.js';

/**
 * A difference between a source table and its counterpart.
 *
 * `failable` differences stop the run before anything is written: MOLT's manual, "Mismatch handling", lists which.
 */
export interface Mismatch {
  readonly tag: MismatchTag;
  readonly failable: boolean;
  readonly table: TableName;
  readonly column?: string;
  readonly message: string;
  readonly advice: string;
}

export type MismatchTag =
  | 'missing table'
  | 'ambiguous name'
  | 'missing primary key'
  | 'primary key mismatch'
  | 'collation mismatch'
  | 'type mismatch'
  | 'missing column on target'
  | 'extraneous column on target'
  | 'nullability mismatch'
  | 'identity mismatch'
  | 'constraint on target only';

/** Whether MOLT calls the table unmigratable for it: the kind that may be skipped, where everything else stops the run. */
export function isUnmigratable(mismatch: Mismatch): boolean {
  return mismatch.tag === 'missing primary key' || mismatch.tag === 'collation mismatch';
}

/** Differences of the tables as wholes: keys, constraints. */
export function tableMismatches(pair: TablePair, options: MatchOptions): Mismatch[] {
  return [
    ...(options.skipPrimaryKeyCheck ? [] : primaryKeyMismatches(pair, options)),
    ...constraintsOnTargetOnly(pair),
  ];
}

function primaryKeyMismatches(pair: TablePair, options: MatchOptions): Mismatch[] {
  const table = pair.source.name;
  const name = displayName(table);
  const { primaryKey: sourceKey } = pair.source;
  const { primaryKey: targetKey } = pair.target;
  if (sourceKey === undefined) {
    return [
      {
        tag: 'missing primary key',
        failable: true,
        table,
        message: `${name} has no primary key on the source`,
        advice: 'Add one, or let such tables through with --skip-pk-check.',
      },
    ];
  }
  if (targetKey === undefined || !sameKey(sourceKey, targetKey, options)) {
    const found =
      targetKey === undefined ? 'no primary key' : `primary key (${targetKey.columns.join(', ')})`;
    return [
      {
        tag: 'primary key mismatch',
        failable: true,
        table,
        message: `${name} has primary key (${sourceKey.columns.join(', ')}) on the source and ${found} on the target`,
        advice: 'Make the keys equal, or skip the check with --skip-pk-check.',
      },
    ];
  }
  return sourceKey.columns.flatMap((column) => keyColumnMismatches(pair, column));
}

function sameKey(left: Key, right: Key, options: MatchOptions): boolean {
  const fold = (key: Key): string => comparisonKey(JSON.stringify(key.columns), options.caseSensitive);
  return fold(left) === fold(right);
}

function keyColumnMismatches(pair: TablePair, name: string): Mismatch[] {
  const columns = pair.columns.find(({ source }) => source.name === name);
  if (columns === undefined) return [];
  return [...keyTypeMismatch(pair, columns), ...collationMismatch(pair, columns)];
}

/** A type that cannot be loaded at all is reported with the other columns of its kind. */
function keyTypeMismatch(pair: TablePair, { source, target }: ColumnPair): Mismatch[] {
  if (!loadable(source.type, target.type) || sameKeyValues(source.type, target.type)) return [];
  return [
    {
      tag: 'primary key mismatch',
      failable: true,
      table: pair.source.name,
      column: source.name,
      message:
        `key column ${displayName(pair.source.name)}.${source.name} is ${source.nativeType} on the source and ` +
        `${target.nativeType} on the target, which order and compare in other ways`,
      advice: 'Give the target column the type of the source, or skip the check with --skip-pk-check.',
    },
  ];
}

/** Kinds, beside equal ones, in which a key means the same: MySQL's unsigned bigint is a decimal elsewhere. */
const sameKeys: ReadonlySet<string> = new Set([
  'integer decimal',
  'decimal integer',
  'boolean integer',
  'integer boolean',
  'string uuid',
  'uuid string',
  'bytes uuid',
]);

function sameKeyValues(source: LogicalType, target: LogicalType): boolean {
  const [left, right] = [withoutDomain(source).kind, withoutDomain(target).kind];
  return left === right || sameKeys.has(`${left} ${right}`);
}

function collationMismatch(pair: TablePair, { source, target }: ColumnPair): Mismatch[] {
  const bothText = [source, target].every((column) => withoutDomain(column.type).kind === 'string');
  if (!bothText || sameCollation(source.collation, target.collation)) return [];
  return [
    {
      tag: 'collation mismatch',
      failable: true,
      table: pair.source.name,
      column: source.name,
      message:
        `key column ${displayName(pair.source.name)}.${source.name} is collated ${source.collation ?? 'by default'} on the source ` +
        `and ${target.collation ?? 'by default'} on the target`,
      advice:
        'Give the target column a collation under which the same keys are equal, or skip the check with --skip-pk-check.',
    },
  ];
}

function constraintsOnTargetOnly(pair: TablePair): Mismatch[] {
  const found: string[] = [];
  if (pair.target.foreignKeys.length > pair.source.foreignKeys.length) found.push('FOREIGN KEY');
  if (pair.target.uniqueKeys.length > pair.source.uniqueKeys.length) found.push('UNIQUE');
  if (pair.target.checks.length > pair.source.checks.length) found.push('CHECK');
  return found.map((kind) => ({
    tag: 'constraint on target only',
    failable: false,
    table: pair.source.name,
    message: `${displayName(pair.source.name)} has more ${kind} constraints on the target than on the source`,
    advice:
      'Rows that break it will be refused while they are loaded: drop it for the load and add it afterwards.',
  }));
}
