import { displayName } from '@tsmolt/core';
import type { Mismatch, TablePair } from '@tsmolt/core';

/** A difference of the schemas. Beside those that concern a load, a verification names what the target lacks. */
export interface SchemaDifference extends Omit<Mismatch, 'tag'> {
  readonly tag: Mismatch['tag'] | 'constraint on source only';
}

type Side = 'source' | 'target';

const advice = {
  source: 'Add it on the target if the application relies on it: nothing there refuses rows that break it.',
  target: 'Rows that the source accepts may be refused: drop it, or add it on the source.',
} as const satisfies Record<Side, string>;

/**
 * Differences of the schemas with constraints told one by one: unique and foreign keys by their columns, checks, whose
 * expressions each engine prints in its own way, by how many there are.
 */
export function withConstraints(
  mismatches: readonly Mismatch[],
  pairs: readonly TablePair[],
): SchemaDifference[] {
  // Those of whole tables only say that one side has more of a kind.
  const others = mismatches.filter(
    ({ tag, column }) => tag !== 'constraint on target only' || column !== undefined,
  );
  return [...others, ...pairs.flatMap(constraintDifferences)];
}

function constraintDifferences(pair: TablePair): SchemaDifference[] {
  const [source, target] = [constraintsOf(pair, 'source'), constraintsOf(pair, 'target')];
  return [...onlyHere(pair, 'source', { here: source, there: target }), ...onlyHere(pair, 'target', { here: target, there: source })]; // prettier-ignore
}

interface Constraint {
  readonly text: string;
  /** The same for what means the same on the other side. */
  readonly identity: string;
}

interface Constraints {
  readonly keys: readonly Constraint[];
  /** What makes values unique beside them. */
  readonly primaryKey: readonly Constraint[];
  readonly checks: number;
}

function constraintsOf(pair: TablePair, side: Side): Constraints {
  const { uniqueKeys, foreignKeys, primaryKey, checks } = pair[side];
  // Columns by the source's names, which may be others than the target's; a key is the same in whichever order it has them.
  const known = new Map(pair.columns.map((columns) => [columns[side].name, columns.source.name]));
  const constraint = (kind: string, columns: readonly string[]): Constraint => ({
    text: `${kind} (${columns.join(', ')})`,
    identity: JSON.stringify([
      kind,
      ...columns.map((name) => known.get(name) ?? `${side}: ${name}`).toSorted(),
    ]),
  });
  return {
    keys: [
      ...uniqueKeys.map(({ columns }) => constraint('UNIQUE', columns)),
      ...foreignKeys.map(({ columns }) => constraint('FOREIGN KEY', columns)),
    ],
    primaryKey: primaryKey === undefined ? [] : [constraint('UNIQUE', primaryKey.columns)],
    checks: checks.length,
  };
}

function onlyHere(
  { source: { name: table } }: TablePair,
  side: Side,
  { here, there }: { readonly here: Constraints; readonly there: Constraints },
): SchemaDifference[] {
  const known = new Set([...there.keys, ...there.primaryKey].map(({ identity }) => identity));
  const keys = here.keys.filter(({ identity }) => !known.has(identity));
  const found = keys.map(({ text }) => `${text} on the ${side} only`);
  if (here.checks > there.checks) {
    const other = side === 'source' ? 'target' : 'source';
    found.push(
      `more CHECK constraints on the ${side} (${here.checks}) than on the ${other} (${there.checks})`,
    );
  }
  return found.map((text) => ({
    tag: `constraint on ${side} only`,
    failable: false,
    table,
    message: `${displayName(table)} has ${text}`,
    advice: advice[side],
  }));
}
