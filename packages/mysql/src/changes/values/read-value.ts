import type { RowEncoder } from '@tsmolt/core';
import type { ByteReader } from '../byte-reader.js';

/** Reads a value that is not NULL off a row image, as the text that an export of it has; null where a policy says so. */
export type ReadValue = (reader: ByteReader) => string | null;

/** Reads the same, and writes it to a row of bytes instead of making a string of it. */
export type WriteValue = (reader: ByteReader, row: RowEncoder) => void;

/** Both ways to the same text. */
export interface ValueReader {
  readonly read: ReadValue;
  readonly write: WriteValue;
}

/** For values that are rare, or that a string has to be made of in any case. */
export function throughText(read: ReadValue): ValueReader {
  return {
    read,
    write: (reader, row) => {
      const text = read(reader);
      if (text === null) row.null();
      else row.text(text);
    },
  };
}

/** The same for values that have no character beyond ASCII. */
export function throughAscii(read: ReadValue): ValueReader {
  return {
    read,
    write: (reader, row) => {
      const text = read(reader);
      if (text === null) row.null();
      else row.ascii(text);
    },
  };
}
