import { TsmoltError } from '../errors.js';
import { displayName } from '../names.js';
import type { ChangedTable, Mutation } from '../ports/change-source.js';
import type { ChangeValue } from './change-value.js';
import { NotUtf8, notUtf8Advice } from './encoded-row.js';
import type { EncodedRow } from './encoded-row.js';

/** The values of a row of a table. @throws TsmoltError `TSM5006` for one that is no text */
export function valuesIn({ name, columns }: ChangedTable, row: EncodedRow): readonly ChangeValue[] {
  try {
    return row.values;
  } catch (thrown) {
    if (!(thrown instanceof NotUtf8)) throw thrown;
    const column = columns[thrown.column] ?? String(thrown.column + 1);
    const message = `${displayName(name)}: a value of column ${column} is not UTF-8`;
    throw new TsmoltError('TSM5006', { message, advice: notUtf8Advice, cause: thrown });
  }
}

/** A whole row that was written, of which nobody may ever want the values. */
export class EncodedUpsert implements Mutation {
  readonly kind = 'upsert';
  readonly table: ChangedTable;
  readonly encoded: EncodedRow;
  readonly fresh?: true;

  constructor(table: ChangedTable, encoded: EncodedRow, fresh: boolean) {
    this.table = table;
    this.encoded = encoded;
    if (fresh) this.fresh = true;
  }

  /** @throws TsmoltError `TSM5006` for a value that is no text */
  get values(): readonly ChangeValue[] {
    return valuesIn(this.table, this.encoded);
  }
}

/** The same, where the source sent the row before the change as well. */
export class EncodedUpdate extends EncodedUpsert {
  readonly #before: EncodedRow;

  constructor(table: ChangedTable, encoded: EncodedRow, before: EncodedRow) {
    super(table, encoded, false);
    this.#before = before;
  }

  get before(): readonly ChangeValue[] {
    return this.#before.values;
  }
}
