import type { ByteReader } from '../byte-reader.js';

/** Reads a value that is not NULL off a row image, as the text that an export of it has; null where a policy says so. */
export type ReadValue = (reader: ByteReader) => string | null;
