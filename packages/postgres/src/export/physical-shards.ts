import type { RowRange } from '@tsmolt/core';

/**
 * Cuts a table by the pages it lies in: works for every table, with or without a key, and reads each page once.
 *
 * Pages that are added after the snapshot hold no row that it sees; the last range has no upper end all the same.
 * Source: PostgreSQL manual, "System Columns" (ctid) and release notes of version 14 (TID range scans).
 */
export function cutByPages(pages: number, count: number): RowRange[] {
  const wanted = Math.max(1, Math.min(count, pages));
  const edges = Array.from({ length: wanted + 1 }, (_, index) => Math.round((pages * index) / wanted));
  return Array.from({ length: wanted }, (_, index) => {
    const lower = `ctid >= '(${edges[index]},0)'::tid`;
    const upper = `ctid < '(${edges[index + 1]},0)'::tid`;
    if (wanted === 1) return { condition: 'true' };
    if (index === 0) return { condition: upper };
    return { condition: index === wanted - 1 ? lower : `${lower} AND ${upper}` };
  });
}
