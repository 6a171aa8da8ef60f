import type { RowText } from '@tsmolt/core';
import type { FoundRow } from './found-row.js';
import type { DifferentColumn, DifferentRow } from './report.js';

/** A row that differs, as it was read. Values stand in the order of `Side.hashed`, then of `Side.byMeaning`. */
export interface JudgedRow extends Omit<FoundRow, 'kind'> {
  readonly kind: DifferentRow['kind'];
  /** Empty for rows that one side lacks. */
  readonly columns: readonly DifferentColumn[];
  /** Unset where the source has no such row, or nobody asked for its values. */
  readonly source?: RowText;
  readonly target?: RowText;
}
