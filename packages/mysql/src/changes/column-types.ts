import type { Column } from '@tsmolt/core';
import { nativeTypeOf } from '../export/native-type.js';
import { typeCodes } from './binlog-codes.js';

const blobs = [typeCodes.blob, typeCodes.blobCompressed];

/** Which types of a table map a type of the catalog may have there. */
const codesOf: Readonly<Record<string, readonly number[]>> = {
  tinyint: [typeCodes.tiny],
  smallint: [typeCodes.short],
  mediumint: [typeCodes.int24],
  int: [typeCodes.long],
  bigint: [typeCodes.longlong],
  float: [typeCodes.float],
  double: [typeCodes.double],
  decimal: [typeCodes.decimal],
  bit: [typeCodes.bit],
  year: [typeCodes.year],
  date: [typeCodes.date],
  time: [typeCodes.time, typeCodes.time2],
  datetime: [typeCodes.datetime, typeCodes.datetime2],
  timestamp: [typeCodes.timestamp, typeCodes.timestamp2],
  char: [typeCodes.string],
  binary: [typeCodes.string],
  uuid: [typeCodes.string],
  inet4: [typeCodes.string],
  inet6: [typeCodes.string],
  varchar: [typeCodes.varchar, typeCodes.varcharCompressed],
  varbinary: [typeCodes.varchar, typeCodes.varcharCompressed],
  tinytext: blobs,
  text: blobs,
  mediumtext: blobs,
  longtext: blobs,
  tinyblob: blobs,
  blob: blobs,
  mediumblob: blobs,
  longblob: blobs,
  enum: [typeCodes.enum],
  set: [typeCodes.set],
  json: [typeCodes.json],
  vector: [typeCodes.vector, typeCodes.varchar],
};

/** Whether a column of the catalog may be of this type in a table map. */
export function isTypeOf(column: Pick<Column, 'nativeType'>, code: number): boolean {
  const codes = codesOf[nativeTypeOf(column).base];
  // What remains are shapes: points, polygons and the like.
  return codes === undefined ? code === typeCodes.geometry : codes.includes(code);
}
