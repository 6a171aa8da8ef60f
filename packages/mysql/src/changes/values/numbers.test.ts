import { expect, test } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import { bitReader, decimalReader, doubleText, integerReader } from './numbers.js';

test.each([
  [0, '0'], [-0, '-0'], [0.1, '0.1'], [1e15, '1e15'], [999_999_999_999_999, '999999999999999'], [1.2345678901234568e17, '1.2345678901234568e17'],
  [1e-7, '0.0000001'], [-1.5e-7, '-0.00000015'], [1e-15, '0.000000000000001'], [1e-16, '1e-16'], [5e-324, '5e-324'], [123456.789e-10, '0.0000123456789'],
] as const)('%d is printed as the server does: %s', (value, text) => {
  expect(doubleText(value)).toBe(text);
}); // prettier-ignore

const read = (reader: ReturnType<typeof integerReader>, hex: string): string | null =>
  reader(new ByteReader(Buffer.from(hex, 'hex')));

test('integers of all widths, with and without sign', () => {
  expect(read(integerReader(1, false), '80')).toBe('-128');
  expect(read(integerReader(1, true), '80')).toBe('128');
  expect(read(integerReader(3, false), 'ffffff')).toBe('-1');
  expect(read(integerReader(4, true), 'ffffffff')).toBe('4294967295');
  expect(read(integerReader(8, false), 'ffffffffffff1f00')).toBe('9007199254740991');
  expect(read(integerReader(8, false), '0100000000002000')).toBe('9007199254740993');
  expect(read(integerReader(8, false), '0000000000000080')).toBe('-9223372036854775808');
  expect(read(integerReader(8, true), 'ffffffffffffffff')).toBe('18446744073709551615');
});

test('decimals as in the example of the servers, and their negative', () => {
  expect(read(decimalReader(14, 4), '810dfb38d204d2')).toBe('1234567890.1234');
  expect(read(decimalReader(14, 4), '7ef204c72dfb2d')).toBe('-1234567890.1234');
  expect(read(decimalReader(4, 4), '84d2')).toBe('0.1234');
  expect(read(decimalReader(3, 0), '8000')).toBe('0');
  expect(read(decimalReader(20, 2), '800000010000000005')).toBe('1000000000.05');
  expect(read(decimalReader(20, 2), '7ffffffefffffffffa')).toBe('-1000000000.05');
  expect(read(decimalReader(11, 10), '800000000001')).toBe('0.0000000001');
});

test('bits in all their digits', () => {
  expect(read(bitReader(13), '0001')).toBe('0000000000001');
  expect(read(bitReader(1), '01')).toBe('1');
});
