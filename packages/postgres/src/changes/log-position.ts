import { Lsn } from '@tsmolt/core';

/** The number behind a position's text. @throws TsmoltError `TSM1004` when it is none */
export function positionNumber(text: string): bigint {
  return Lsn.parse(text).value;
}

/** `16/B374D848` */
export function printPosition(position: bigint): string {
  return `${half(position >> 32n)}/${half(position & 0xffffffffn)}`;
}

/** There is one for each transaction: as a number it is printed several times as fast. */
function half(value: bigint): string {
  return Number(value).toString(16).toUpperCase();
}
