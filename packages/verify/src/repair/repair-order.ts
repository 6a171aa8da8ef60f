import { displayName, loadOrder } from '@tsmolt/core';
import type { Table } from '@tsmolt/core';
import type { RepairPart } from './repair-spool.js';

/**
 * The order in which statements keep to foreign keys and, mostly, to unique ones: rows of tables that nothing refers to are
 * deleted before others are inserted, for they may hold a value that a new row needs; parents are inserted before their
 * children; changed rows may refer to new ones; and what nothing refers to any more is deleted last, children first.
 *
 * @param tables the targets, by their numbers
 * @param all every table of the target: others may refer to these
 */
export function repairOrder(tables: readonly Table[], all: readonly Table[]): RepairPart[] {
  const referredTo = new Set(all.flatMap((table) => table.foreignKeys.map((key) => displayName(key.target))));
  const sorted = parentsFirst(tables);
  const part =
    (kind: RepairPart['kind']) =>
    (table: number): RepairPart => ({ table, kind });
  const isParent = (table: number): boolean => {
    const name = tables[table]?.name;
    return name !== undefined && referredTo.has(displayName(name));
  };
  return [
    ...sorted.filter((table) => !isParent(table)).map(part('delete')),
    ...sorted.map(part('insert')),
    ...sorted.map(part('update')),
    ...sorted.filter(isParent).toReversed().map(part('delete')),
  ];
}

/** Numbers of the tables. Those in a circle come last, in any order. */
function parentsFirst(tables: readonly Table[]): number[] {
  const { parents } = loadOrder(tables);
  const placed = new Set<string>();
  const sorted: number[] = [];
  let open = tables.map((table, index) => ({ index, name: displayName(table.name) }));
  while (open.length > 0) {
    const ready = open.filter(({ name }) => [...(parents.get(name) ?? [])].every((one) => placed.has(one)));
    const next = ready.length > 0 ? ready : open;
    for (const { index, name } of next) {
      sorted.push(index);
      placed.add(name);
    }
    open = open.filter((one) => !next.includes(one));
  }
  return sorted;
}
