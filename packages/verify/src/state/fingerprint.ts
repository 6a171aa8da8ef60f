import { createHash } from 'node:crypto';
import type { Comparison, Side } from '../plan-comparison.js';

/** What a comparison of a table rests on: another fingerprint means that finished ranges say nothing about this one. */
export function fingerprintOf(comparison: Comparison): string {
  const { source, target, algorithm, keyed, rangeable, left } = comparison;
  const side = ({ key, hashed, byMeaning, condition, pair, name }: Side): unknown => ({
    table: pair[name].name,
    key,
    hashed,
    byMeaning,
    condition,
  });
  const names = left.map((columns) => [columns.source.name, columns.target.name]);
  const parts = [side(source), side(target), algorithm, keyed, rangeable, names];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
