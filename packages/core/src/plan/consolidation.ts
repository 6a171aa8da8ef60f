import { TsmoltError } from '../errors.js';
import { comparisonKey, displayName } from '../names.js';
import { copiedColumns, tableKey } from './table-plan.js';
import type { TablePlan } from './table-plan.js';

/** Several source tables whose rows go into one target table because a rule says so. */
export interface Consolidation {
  readonly plans: readonly [TablePlan, TablePlan, ...TablePlan[]];
  /** The rule, for messages. */
  readonly place: string;
}

/** The n-to-1 mappings among the plans. Names that meet only because case is disregarded are none. */
export function consolidations(plans: readonly TablePlan[], caseSensitive: boolean): Consolidation[] {
  const groups = new Map<string, TablePlan[]>();
  for (const plan of plans) {
    const key = tableKey(plan.target, caseSensitive);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [plan]);
    else group.push(plan);
  }
  return [...groups.values()].flatMap((group): Consolidation[] => {
    const [first, second, ...others] = group;
    const place = group.find((plan) => plan.renamedBy !== undefined)?.renamedBy;
    if (first === undefined || second === undefined || place === undefined) return [];
    return [{ plans: [first, second, ...others], place }];
  });
}

/** What of a run decides whether tables can be consolidated. */
export interface RenameCircumstances {
  readonly caseSensitive: boolean;
  /** `--table-handling drop-on-target-and-recreate` */
  readonly recreates: boolean;
  /** Rows are loaded by COPY and not by IMPORT INTO, which takes its table offline. */
  readonly loadsByCopy: boolean;
}

/**
 * Refuses n-to-1 mappings that MOLT's manual ("Table renaming") rules out: target tables that would have to be created,
 * loads by IMPORT INTO, and source tables of different definitions.
 *
 * @throws TsmoltError `TSM1001` when the flags do not allow the mapping, `TSM3003` when the tables differ
 */
export function refuseUnsupportedRenames(
  plans: readonly TablePlan[],
  circumstances: RenameCircumstances,
): void {
  for (const mapping of consolidations(plans, circumstances.caseSensitive)) {
    if (circumstances.recreates) {
      throw refused(mapping, 'and --table-handling drop-on-target-and-recreate cannot create it', {
        advice:
          'Create the target table yourself and use --table-handling none or truncate-if-exists, or let the rule match one table.',
      });
    }
    if (!circumstances.loadsByCopy) {
      throw refused(mapping, 'and IMPORT INTO cannot load it from several tables', {
        advice: 'Add --use-copy or --direct-copy, or let the rule match one table.',
      });
    }
    assertOneDefinition(mapping, circumstances.caseSensitive);
  }
}

function refused(mapping: Consolidation, why: string, { advice }: { readonly advice: string }): TsmoltError {
  const sources = mapping.plans.map((plan) => displayName(plan.source.name)).join(', ');
  return new TsmoltError('TSM1001', {
    message: `${mapping.place}: ${sources} all go into ${displayName(mapping.plans[0].target)}, ${why}`,
    advice,
  });
}

function assertOneDefinition(mapping: Consolidation, caseSensitive: boolean): void {
  const [first, ...others] = mapping.plans;
  for (const other of others) {
    const difference = firstDifference(first, other, caseSensitive);
    if (difference === undefined) continue;
    throw new TsmoltError('TSM3003', {
      message:
        `${mapping.place}: ${displayName(first.source.name)} and ${displayName(other.source.name)} both go into ` +
        `${displayName(first.target)} and differ: ${difference}`,
      advice:
        'Make the definitions equal, exclude the column, or let the rule match only tables of one definition.',
    });
  }
}

function firstDifference(left: TablePlan, right: TablePlan, caseSensitive: boolean): string | undefined {
  const describe = (plan: TablePlan): Map<string, string> =>
    new Map(
      copiedColumns(plan).map((column) => [comparisonKey(column.name, caseSensitive), column.nativeType]),
    );
  const [ours, theirs] = [describe(left), describe(right)];
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [our, their] = [ours.get(name), theirs.get(name)];
    if (our !== their)
      return `column ${name} is ${our ?? 'missing'} in one and ${their ?? 'missing'} in the other`;
  }
  const key = (plan: TablePlan): string => (plan.source.primaryKey?.columns ?? []).join(', ');
  const [ourKey, theirKey] = [key(left), key(right)];
  if (comparisonKey(ourKey, caseSensitive) === comparisonKey(theirKey, caseSensitive)) return undefined;
  return `primary key (${ourKey}) in one and (${theirKey}) in the other`;
}
