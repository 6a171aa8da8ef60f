import { displayName } from '@tsmolt/core';
import type { JudgedRow } from '../judged-row.js';
import type { Comparison } from '../plan-comparison.js';

/** Why no row of a table can be repaired; undefined where one can. */
export function whyNoneIn({ keyed, pair, target }: Comparison): string | undefined {
  if (!keyed) return `${displayName(pair.source.name)} has no primary key that both sides compare`;
  const key = new Set(target.key.map(({ name }) => name));
  const { primaryKey, uniqueKeys, name } = pair.target;
  const unique = [...(primaryKey === undefined ? [] : [primaryKey]), ...uniqueKeys];
  if (unique.some(({ columns }) => columns.every((column) => key.has(column)))) return undefined;
  return `${displayName(name)} may hold several rows of one key: neither its primary key nor a unique one is made of ${[...key].join(', ')}`;
}

/** Why this row cannot be repaired where others of its table can. */
export function whyNot(row: JudgedRow, { left, target }: Comparison): string | undefined {
  if (row.kind === 'still changing') return 'the source changes them';
  if (row.kind === 'missing' && left.length > 0) {
    const names = left.map((columns) => columns.target.name).join(', ');
    return `they would be inserted without a value for ${names}, whose types cannot be compared`;
  }
  if (row.kind === 'extraneous' && target.condition !== undefined) {
    return 'a filter chooses the rows, and the source may have them without choosing them';
  }
  const gone = row.kind === 'extraneous' ? row.target === undefined : row.source === undefined;
  return gone ? 'they were gone when they were read' : undefined;
}
