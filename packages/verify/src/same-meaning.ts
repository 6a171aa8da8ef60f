import type { LogicalType } from '@tsmolt/core';
import { meaningOf } from './meaning.js';

/** Whether two texts of values mean the same, where the engines print one value in different ways. */
export function sameMeaning(left: string | null, right: string | null, type: LogicalType): boolean {
  if (left === null || right === null || left === right) return left === right;
  return meaningOf(left, type) === meaningOf(right, type);
}
