import { TsmoltError } from '../errors.js';

/**
 * A PostgreSQL write-ahead log position: 64 bits, printed as two hexadecimal halves (`0/43A1960`).
 *
 * Source: PostgreSQL manual, "pg_lsn Type".
 */
export class Lsn {
  readonly value: bigint;

  private constructor(value: bigint) {
    this.value = value;
  }

  /** @throws TsmoltError `TSM1004` when the text is no LSN. */
  static parse(text: string): Lsn {
    const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
    if (match?.[1] === undefined || match[2] === undefined) {
      throw new TsmoltError('TSM1004', {
        message: `"${text}" is not a PostgreSQL log position`,
        advice: 'Give the cdc_cursor that fetch printed, for example 0/43A1960.',
      });
    }
    return new Lsn((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`));
  }

  compare(other: Lsn): -1 | 0 | 1 {
    if (this.value === other.value) return 0;
    return this.value < other.value ? -1 : 1;
  }

  toString(): string {
    const low = this.value & 0xffffffffn;
    return `${(this.value >> 32n).toString(16).toUpperCase()}/${low.toString(16).toUpperCase()}`;
  }
}
