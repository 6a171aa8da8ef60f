import { displayName } from '../names.js';
import type { TableName } from '../names.js';
import type { Table } from '../schema.js';
import { columnMismatches } from './column-mismatches.js';
import { matchColumns } from './match-columns.js';
import type { ColumnMatch } from './match-columns.js';
import { tableMismatches } from './mismatches.js';
import type { Mismatch } from './mismatches.js';
import { NameIndex } from './name-index.js';
import type { MatchOptions, TablePair } from './table-pair.js';
import { describeNames } from './table-plan.js';
import type { TablePlan } from './table-plan.js';

export interface MatchResult {
  readonly pairs: readonly TablePair[];
  readonly mismatches: readonly Mismatch[];
}

/** Finds the counterpart of each plan's table on the target and everything that differs between the two. */
export function matchTables(
  plans: readonly TablePlan[],
  target: readonly Table[],
  options: MatchOptions,
): MatchResult {
  const { matched, mismatches } = findCounterparts(plans, target, options.caseSensitive);
  const pairs: TablePair[] = [];
  for (const { plan, counterpart } of matched) {
    const columns = matchColumns(plan, counterpart, options.caseSensitive);
    const pair = pairOf(plan, counterpart, columns);
    pairs.push(pair);
    mismatches.push(...tableMismatches(pair, options), ...columnMismatches(plan, pair, columns));
  }
  return { pairs, mismatches };
}

/** Pairs a table with the one that was just created from its plan. */
export function pairColumns(
  plan: TablePlan,
  target: Table,
  options: { readonly caseSensitive: boolean },
): TablePair {
  return pairOf(plan, target, matchColumns(plan, target, options.caseSensitive));
}

/** The tables of the target that stand where the plans' tables are going to be, each once. */
export function standingTables(
  plans: readonly TablePlan[],
  target: readonly Table[],
  caseSensitive: boolean,
): Table[] {
  const index = indexOf(target, caseSensitive);
  const found = plans.map((plan) => index.find(nameText(plan.target)));
  return [...new Set(found.flatMap((candidates) => (candidates.length === 1 ? candidates : [])))];
}

function pairOf(plan: TablePlan, target: Table, columns: ColumnMatch): TablePair {
  const { source, filter, targetFilter } = plan;
  return {
    source,
    target,
    columns: columns.pairs,
    ...(filter === undefined ? {} : { filter }),
    ...(targetFilter === undefined ? {} : { targetFilter }),
  };
}

interface Matched {
  readonly plan: TablePlan;
  readonly counterpart: Table;
}

function findCounterparts(
  plans: readonly TablePlan[],
  target: readonly Table[],
  caseSensitive: boolean,
): { readonly matched: Matched[]; readonly mismatches: Mismatch[] } {
  const index = indexOf(target, caseSensitive);
  const mismatches: Mismatch[] = [];
  const matched: Matched[] = [];
  for (const plan of plans) {
    const candidates = index.find(nameText(plan.target));
    const [only] = candidates;
    if (only === undefined) mismatches.push(missingTable(plan));
    else if (candidates.length > 1) mismatches.push(severalTargets(plan, candidates));
    else matched.push({ plan, counterpart: only });
  }
  const groups = [...groupByTarget(matched)].filter(([, group]) => meetsByCaseOnly(group));
  const clashing = new Set(groups.flatMap(([, group]) => group));
  return {
    matched: matched.filter((one) => !clashing.has(one)),
    mismatches: [...mismatches, ...groups.map(([counterpart, group]) => severalSources(counterpart, group))],
  };
}

function groupByTarget(matched: readonly Matched[]): Map<Table, Matched[]> {
  const groups = new Map<Table, Matched[]>();
  for (const one of matched) {
    const group = groups.get(one.counterpart);
    if (group === undefined) groups.set(one.counterpart, [one]);
    else group.push(one);
  }
  return groups;
}

/** Several tables go into one target without a rule that says so. */
function meetsByCaseOnly(group: readonly Matched[]): boolean {
  return group.length > 1 && group.every(({ plan }) => plan.renamedBy === undefined);
}

function indexOf(target: readonly Table[], caseSensitive: boolean): NameIndex<Table> {
  return new NameIndex(target, (table) => nameText(table.name), caseSensitive);
}

function nameText(name: TableName): string {
  return JSON.stringify([name.schema, name.table]);
}

function missingTable(plan: TablePlan): Mismatch {
  const [source, target] = [displayName(plan.source.name), displayName(plan.target)];
  const names = source === target ? source : `${target}, where the rows of ${source} are to go,`;
  return {
    tag: 'missing table',
    failable: true,
    table: plan.source.name,
    message: `${names} does not exist on the target`,
    advice:
      'Create it there, leave it out with --table-exclusion-filter, or use --table-handling drop-on-target-and-recreate.',
  };
}

const bySpelling =
  'Add --case-sensitive if the spellings mean what they say, or leave tables out with the filters.';

function severalTargets(plan: TablePlan, candidates: readonly Table[]): Mismatch {
  const names = candidates.map((table) => displayName(table.name)).join(' and ');
  return {
    tag: 'ambiguous name',
    failable: true,
    table: plan.source.name,
    message: `${describeNames(plan)} could be ${names}, which differ in case only`,
    advice: bySpelling,
  };
}

function severalSources(counterpart: Table, group: readonly Matched[]): Mismatch {
  const names = group.map(({ plan }) => displayName(plan.source.name)).join(' and ');
  return {
    tag: 'ambiguous name',
    failable: true,
    table: group[0]?.plan.source.name ?? counterpart.name,
    message: `${names} differ in case only and would both go into ${displayName(counterpart.name)}`,
    advice: bySpelling,
  };
}
