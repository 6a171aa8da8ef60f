import { TsmoltError } from '../errors.js';
import { displayName } from '../names.js';
import type { TableName } from '../names.js';
import type { Column, Table } from '../schema.js';
import type { TablePlan } from './table-plan.js';

/**
 * One rule of MOLT's `--transformations-file`. It speaks of the source's names, whatever earlier rules made of them.
 *
 * Source: MOLT's manual, "Define transformations".
 */
export interface TransformationRule {
  /** Where the rule stands, for messages: `rules.json, transforms[1]`. */
  readonly place: string;
  readonly schema: RegExp;
  readonly table: RegExp;
  readonly columnExclusion?: ColumnExclusion;
  readonly renameTable?: string;
  readonly renameSchema?: string;
}

export interface ColumnExclusion {
  readonly column: RegExp;
  /** The target computes the columns as the source does, rather than lacking them. */
  readonly addComputedDefinition: boolean;
}

/** In the order of the file. */
export type Transformations = readonly TransformationRule[];

export interface TransformedTables {
  readonly plans: readonly TablePlan[];
  /** Places of the rules that met no table or no column. */
  readonly unused: readonly string[];
}

/**
 * Applies the rules to the tables of a run. Of rules that overlap the later one decides: for a name the last rule that
 * renames it, for a column the last rule that matches it.
 *
 * @throws TsmoltError `TSM1006` when a rule wants a computed column of a column that the source does not compute
 */
export function transformTables(tables: readonly Table[], rules: Transformations = []): TransformedTables {
  const used = new Set<TransformationRule>();
  const plans = tables.map((table) => transformTable(table, rules, used));
  return { plans, unused: rules.filter((rule) => !used.has(rule)).map((rule) => rule.place) };
}

function transformTable(source: Table, rules: Transformations, used: Set<TransformationRule>): TablePlan {
  const concerning = rules.filter((rule) => concerns(rule, source.name));
  for (const rule of concerning) if (renames(rule)) used.add(rule);
  const tableRule = concerning.findLast((rule) => rule.renameTable !== undefined);
  const schemaRule = concerning.findLast((rule) => rule.renameSchema !== undefined);
  const renamedBy = tableRule?.place ?? schemaRule?.place;
  const { excluded, computed } = excludeColumns(source, concerning, used);
  return {
    source,
    target: {
      schema: schemaRule?.renameSchema ?? source.name.schema,
      table: tableRule?.renameTable ?? source.name.table,
    },
    ...(renamedBy === undefined ? {} : { renamedBy }),
    excluded,
    computed,
  };
}

function concerns(rule: TransformationRule, name: TableName): boolean {
  return rule.schema.test(name.schema) && rule.table.test(name.table);
}

function renames(rule: TransformationRule): boolean {
  return rule.renameTable !== undefined || rule.renameSchema !== undefined;
}

function excludeColumns(
  table: Table,
  rules: readonly TransformationRule[],
  used: Set<TransformationRule>,
): Pick<TablePlan, 'excluded' | 'computed'> {
  const excluded = new Set<string>();
  const computed: Column[] = [];
  for (const column of table.columns) {
    const matching = rules.filter((rule) => rule.columnExclusion?.column.test(column.name));
    for (const rule of matching) used.add(rule);
    const rule = matching.at(-1);
    if (rule === undefined) continue;
    excluded.add(column.name);
    if (rule.columnExclusion?.addComputedDefinition) computed.push(computedColumn(table, column, rule));
  }
  return { excluded, computed };
}

function computedColumn(table: Table, column: Column, rule: TransformationRule): Column {
  const { generated, generation } = column;
  if (generated && generation !== undefined) {
    return { ...column, generation: { ...generation, expression: standardSql(generation.expression) } };
  }
  const fault = generated
    ? 'whose expression the source does not tell'
    : 'which is no computed column on the source';
  throw new TsmoltError('TSM1006', {
    message: `${rule.place}.column_exclusion_opts: add_computed_def matches ${displayName(table.name)}.${column.name}, ${fault}`,
    advice:
      'Narrow "column" (it matches anywhere in the name: anchor it with ^ and $), or leave add_computed_def out.',
  });
}

const quoted = /_[a-z0-9]+\\'(?<introduced>.*?)\\'|'(?:''|[^'])*'|"(?:""|[^"])*"|`(?<name>(?:``|[^`])+)`/gs;

/** An expression with MySQL's quoting (names in backticks, strings with a character set before them) made standard. */
function standardSql(expression: string): string {
  return expression.replaceAll(quoted, (text: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as { readonly introduced?: string; readonly name?: string };
    if (groups.introduced !== undefined) return `'${groups.introduced}'`;
    return groups.name === undefined ? text : `"${groups.name.replaceAll('``', '`').replaceAll('"', '""')}"`;
  });
}
