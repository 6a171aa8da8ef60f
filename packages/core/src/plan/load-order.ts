import { displayName } from '../names.js';
import type { Table } from '../schema.js';

export interface LoadOrder {
  /** For each table (by display name) those of the others that must be loaded before it. */
  readonly parents: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tables whose foreign keys point at themselves: their rows have to arrive in one statement. */
  readonly selfReferencing: ReadonlySet<string>;
  /** Tables whose foreign keys form a circle: no order can load them while the keys are enforced. */
  readonly circle: readonly string[];
}

/** Orders tables so that a row's parent is there before the row, as enforced foreign keys on the target demand. */
export function loadOrder(tables: readonly Table[]): LoadOrder {
  const names = new Set(tables.map((table) => displayName(table.name)));
  const parents = new Map<string, Set<string>>();
  const selfReferencing = new Set<string>();
  for (const table of tables) {
    const own = displayName(table.name);
    const targets = table.foreignKeys.map((key) => displayName(key.target));
    if (targets.includes(own)) selfReferencing.add(own);
    parents.set(own, new Set(targets.filter((target) => target !== own && names.has(target))));
  }
  return { parents, selfReferencing, circle: circle(parents) };
}

/** What is left when tables without open parents are taken away again and again. */
function circle(parents: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const open = new Map([...parents].map(([name, needed]) => [name, new Set(needed)]));
  for (;;) {
    const ready = [...open].filter(([, needed]) => needed.size === 0).map(([name]) => name);
    if (ready.length === 0) return [...open.keys()];
    for (const name of ready) open.delete(name);
    for (const needed of open.values()) for (const name of ready) needed.delete(name);
  }
}
