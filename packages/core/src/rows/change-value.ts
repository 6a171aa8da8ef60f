/**
 * A replicated value: the text that an export of the same value would load (`SnapshotSource.export`), null for NULL,
 * undefined where the source did not send the column (an unchanged TOAST value, a partial row image).
 */
export type ChangeValue = string | null | undefined;
