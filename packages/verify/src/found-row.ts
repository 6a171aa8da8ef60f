import type { RowText } from '@tsmolt/core';
import type { DifferenceKind } from './report.js';

/** A row that is not the same, before anybody has read it. */
export interface FoundRow {
  readonly kind: DifferenceKind;
  /** The values that name the row, as the side that has it prints them; the source, where both have it. */
  readonly key: RowText;
  /** As the target prints them. */
  readonly targetKey: RowText;
}
