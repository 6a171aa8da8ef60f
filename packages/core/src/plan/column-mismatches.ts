import { displayName } from '../names.js';
import type { TableName } from '../names.js';
import type { Column } from '../schema.js';
import { attributesOf, mixesAttributes } from './composite-attributes.js';
import { loadable } from './loadable.js';
import type { AmbiguousColumns, ColumnMatch } from './match-columns.js';
import type { Mismatch } from './mismatches.js';
import type { ColumnPair, TablePair } from './table-pair.js';
import type { TablePlan } from './table-plan.js';

/** Differences column by column. */
export function columnMismatches(plan: TablePlan, pair: TablePair, columns: ColumnMatch): Mismatch[] {
  return [
    ...columns.ambiguous.map((names) => ambiguousColumns(pair, names)),
    ...columns.missing.map((column) => missingOnTarget(pair, column)),
    ...columns.notComputed.map((column) => notComputedOnTarget(pair, column)),
    ...columns.extraneous.map((column) => extraneousOnTarget(plan, pair, column)),
    ...columns.pairs.flatMap((columnPair) => pairMismatches(pair, columnPair)),
  ];
}

function ambiguousColumns(pair: TablePair, { source, target }: AmbiguousColumns): Mismatch {
  const names = (table: TableName, columns: readonly Column[]): string =>
    columns.map((column) => `${displayName(table)}.${column.name}`).join(' and ');
  const message =
    source.length > 1
      ? `${names(pair.source.name, source)} differ in case only and would both go into ${names(pair.target.name, target)}`
      : `${names(pair.source.name, source)} could be ${names(pair.target.name, target)}, which differ in case only`;
  return {
    tag: 'ambiguous name',
    failable: true,
    table: pair.source.name,
    ...(source[0] === undefined ? {} : { column: source[0].name }),
    message,
    advice: 'Add --case-sensitive if the spellings mean what they say, or rename the columns.',
  };
}

function missingOnTarget(pair: TablePair, column: Column): Mismatch {
  return {
    tag: 'missing column on target',
    failable: true,
    table: pair.source.name,
    column: column.name,
    message: `${displayName(pair.source.name)}.${column.name} (${column.nativeType}) does not exist on the target`,
    advice: 'Add the column on the target, or exclude it with a transformation rule.',
  };
}

function notComputedOnTarget(pair: TablePair, column: Column): Mismatch {
  return {
    tag: 'missing column on target',
    failable: false,
    table: pair.source.name,
    column: column.name,
    message: `${displayName(pair.source.name)}.${column.name} is to be a computed column and does not exist on the target`,
    advice:
      'Computed columns are added to tables that the run creates: add this one with ALTER TABLE ... ADD COLUMN, or use --table-handling drop-on-target-and-recreate.',
  };
}

function extraneousOnTarget(plan: TablePlan, pair: TablePair, column: Column): Mismatch {
  const refused = !column.nullable && !column.hasDefault && column.identity === 'never';
  const where = plan.excluded.has(column.name)
    ? 'is excluded by a transformation rule and no computed column on the target'
    : 'exists on the target only';
  return {
    tag: 'extraneous column on target',
    failable: refused,
    table: pair.source.name,
    column: column.name,
    message:
      `${displayName(pair.target.name)}.${column.name} ${where}` +
      (refused ? ', where it takes neither NULL nor a default' : ''),
    advice: refused
      ? 'Give it a default, let it be NULL, or drop it until the data is loaded.'
      : 'It will hold NULL or its default in every loaded row.',
  };
}

interface Place {
  readonly table: TableName;
  readonly column: string;
}

function pairMismatches(pair: TablePair, { source, target }: ColumnPair): Mismatch[] {
  const place = { table: pair.source.name, column: source.name };
  const name = `${displayName(pair.source.name)}.${source.name}`;
  const found: Mismatch[] = [];
  if (!loadable(source.type, target.type)) {
    found.push({ ...place, tag: 'type mismatch', failable: true, ...typeMismatch(name, source, target) });
  }
  return [...found, ...nullability(name, place, source, target), ...defaults(name, place, source, target)];
}

/** What is wrong with the types of two columns, one of which is not `loadable` into the other, and what to do about it. */
export function typeMismatch(
  name: string,
  source: Column,
  target: Column,
): Pick<Mismatch, 'message' | 'advice'> {
  if (!mixesAttributes(source.type, target.type)) {
    return {
      message: `${name} is ${source.nativeType} on the source and ${target.nativeType} on the target`,
      advice: 'Change the type of the target column to one that can hold every value of the source.',
    };
  }
  const side = ({ nativeType, type }: Column): string =>
    `${nativeType} with the attributes (${attributesOf(type)})`;
  return {
    message: `${name} is ${side(source)} on the source and ${side(target)} on the target`,
    advice:
      'Give the type on the target the same attributes in the same order: values are carried without their names, and would ' +
      'change places.',
  };
}

function nullability(name: string, place: Place, source: Column, target: Column): Mismatch[] {
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

function defaults(name: string, place: Place, source: Column, target: Column): Mismatch[] {
  const onSource = source.hasDefault || source.identity !== 'never';
  if (onSource || !target.hasDefault) return [];
  return [
    {
      ...place,
      tag: 'constraint on target only',
      failable: false,
      message: `${name} has a DEFAULT on the target and none on the source`,
      advice: 'Loaded rows keep the values of the source; only rows that are written later get the default.',
    },
  ];
}
