import { displayName, loadOrder } from '@tsmolt/core';
import type { Table } from '@tsmolt/core';

/** How the foreign keys of the target order the tables that are written together. */
export interface TableOrder {
  /** Parents before children; tables in a circle are equal. */
  rank(table: Table): number;
  /** Whether rows of other tables, or of its own, may point at its rows. */
  isReferenced(table: Table): boolean;
  /** Tables that are connected by foreign keys have the same group. */
  group(table: Table): number;
}

export function tableOrder(tables: readonly Table[]): TableOrder {
  const nameOf = ({ name }: Table): string => displayName(name);
  const { parents } = loadOrder(tables);
  const ranks = ranksOf(parents);
  const groups = groupsOf(parents);
  const referenced = new Set(
    tables.flatMap(({ foreignKeys }) => foreignKeys.map(({ target }) => displayName(target))),
  );
  return {
    rank: (table) => ranks.get(nameOf(table)) ?? 0,
    isReferenced: (table) => referenced.has(nameOf(table)),
    group: (table) => groups.get(nameOf(table)) ?? -1,
  };
}

type Parents = ReadonlyMap<string, ReadonlySet<string>>;

/** Each pass takes the tables whose parents all have a rank; what is left over is a circle, and comes last. */
function ranksOf(parents: Parents): Map<string, number> {
  const ranks = new Map<string, number>();
  for (let rank = 0; ranks.size < parents.size; rank++) {
    const open = [...parents].filter(([name]) => !ranks.has(name));
    const ready = open.filter(([, needed]) => [...needed].every((parent) => ranks.has(parent)));
    for (const [name] of ready.length > 0 ? ready : open) ranks.set(name, rank);
  }
  return ranks;
}

/** Numbers the connected parts of the graph. */
function groupsOf(parents: Parents): Map<string, number> {
  const neighbours = new Map([...parents.keys()].map((name) => [name, new Set<string>()]));
  for (const [name, needed] of parents) {
    for (const parent of needed) {
      neighbours.get(name)?.add(parent);
      neighbours.get(parent)?.add(name);
    }
  }
  const groups = new Map<string, number>();
  let number = 0;
  for (const start of neighbours.keys()) {
    if (groups.has(start)) continue;
    const open = [start];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      groups.set(name, number);
      open.push(...[...(neighbours.get(name) ?? [])].filter((next) => !groups.has(next)));
    }
    number += 1;
  }
  return groups;
}
