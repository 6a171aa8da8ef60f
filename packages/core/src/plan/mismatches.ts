import { comparisonKey, displayName } from '../names.js';
import type { TableName } from '../names.js';
import { columnOf } from '../schema.js';
import type { Column, Key } from '../schema.js';
import { loadable } from './loadable.js';
import type { ColumnPair, MatchOptions, TablePair } from './table-pair.js';
import { withoutDomain } from '../types.js';

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
  | 'missing primary key'
  | 'primary key mismatch'
  | 'collation mismatch'
  | 'type mismatch'
  | 'missing column on target'
  | 'extraneous column on target'
  | 'nullability mismatch'
  | 'identity mismatch'
  | 'constraint on target only';

/** Differences of the tables as wholes: keys, constraints. */
export function tableMismatches(pair: TablePair, options: MatchOptions): Mismatch[] {
  return [
    ...(options.skipPrimaryKeyCheck ? [] : primaryKeyMismatches(pair, options)),
    ...constraintsOnTargetOnly(pair),
  ];
}

/** Differences column by column. */
export function columnMismatches(pair: TablePair, options: MatchOptions): Mismatch[] {
  return [
    ...missingOnTarget(pair, options),
    ...extraneousOnTarget(pair, options),
    ...pair.columns.flatMap((columns) => pairMismatches(pair, columns)),
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
  return sourceKey.columns.flatMap((column) => keyColumnMismatches(pair, column, options));
}

function sameKey(left: Key, right: Key, options: MatchOptions): boolean {
  const fold = (key: Key): string => comparisonKey(JSON.stringify(key.columns), options.caseSensitive);
  return fold(left) === fold(right);
}

function keyColumnMismatches(pair: TablePair, name: string, options: MatchOptions): Mismatch[] {
  const source = columnOf(pair.source, name);
  const key = comparisonKey(name, options.caseSensitive);
  const target = pair.target.columns.find(
    (column) => comparisonKey(column.name, options.caseSensitive) === key,
  );
  if (target === undefined || withoutDomain(source.type).kind !== 'string') return [];
  if (sameCollation(source.collation, target.collation)) return [];
  return [
    {
      tag: 'collation mismatch',
      failable: true,
      table: pair.source.name,
      column: name,
      message:
        `key column ${displayName(pair.source.name)}.${name} is collated ${source.collation ?? 'by default'} on the source ` +
        `and ${target.collation ?? 'by default'} on the target`,
      advice: 'Give the target column the same collation.',
    },
  ];
}

/** C, POSIX and the default sort text the same way for the purpose of a key (MOLT release notes say the same). */
function sameCollation(left: string | undefined, right: string | undefined): boolean {
  const plain = new Set<string | undefined>([undefined, 'C', 'POSIX', 'C.UTF-8', 'en_US.utf8']);
  return left === right || (plain.has(left) && plain.has(right));
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

function missingOnTarget(pair: TablePair, options: MatchOptions): Mismatch[] {
  const known = new Set(
    pair.target.columns.map((column) => comparisonKey(column.name, options.caseSensitive)),
  );
  return pair.source.columns
    .filter((column) => !known.has(comparisonKey(column.name, options.caseSensitive)))
    .map((column) => ({
      tag: 'missing column on target',
      failable: true,
      table: pair.source.name,
      column: column.name,
      message: `${displayName(pair.source.name)}.${column.name} (${column.nativeType}) does not exist on the target`,
      advice: 'Add the column on the target.',
    }));
}

function extraneousOnTarget(pair: TablePair, options: MatchOptions): Mismatch[] {
  const known = new Set(
    pair.source.columns.map((column) => comparisonKey(column.name, options.caseSensitive)),
  );
  return pair.target.columns
    .filter((column) => !column.generated && !known.has(comparisonKey(column.name, options.caseSensitive)))
    .map((column) => {
      const refused = !column.nullable && !column.hasDefault && column.identity === 'never';
      return {
        tag: 'extraneous column on target',
        failable: refused,
        table: pair.source.name,
        column: column.name,
        message:
          `${displayName(pair.target.name)}.${column.name} exists on the target only` +
          (refused ? ' and takes neither NULL nor a default' : ''),
        advice: refused
          ? 'Give it a default, let it be NULL, or drop it until the data is loaded.'
          : 'It will hold NULL or its default in every loaded row.',
      };
    });
}

function pairMismatches(pair: TablePair, { source, target }: ColumnPair): Mismatch[] {
  const place = { table: pair.source.name, column: source.name };
  const name = `${displayName(pair.source.name)}.${source.name}`;
  const found: Mismatch[] = [];
  if (!loadable(source.type, target.type)) {
    found.push({
      ...place,
      tag: 'type mismatch',
      failable: true,
      message: `${name} is ${source.nativeType} on the source and ${target.nativeType} on the target`,
      advice: 'Change the type of the target column to one that can hold every value of the source.',
    });
  }
  found.push(...nullability(name, place, source, target));
  return found;
}

function nullability(
  name: string,
  place: { readonly table: TableName; readonly column: string },
  source: Column,
  target: Column,
): Mismatch[] {
  if (source.nullable === target.nullable) return [];
  return [
    {
      ...place,
      tag: 'nullability mismatch',
      failable: source.nullable,
      message: source.nullable
        ? `${name} may be NULL on the source and is NOT NULL on the target`
        : `${name} is NOT NULL on the source and may be NULL on the target`,
      advice: source.nullable
        ? 'Drop NOT NULL on the target, or fill the NULLs on the source and add NOT NULL there.'
        : 'Add NOT NULL on the target after the load if the application relies on it.',
    },
  ];
}
