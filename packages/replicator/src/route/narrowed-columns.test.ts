import type { LogicalType } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { rounds } from './narrowed-columns.js';

const decimal = (scale?: number): LogicalType => ({ kind: 'decimal', precision: 12, ...(scale === undefined ? {} : { scale }) }); // prettier-ignore
const timestamp = (precision?: number): LogicalType => ({ kind: 'timestamp', withZone: true, ...(precision === undefined ? {} : { precision }) }); // prettier-ignore
const double: LogicalType = { kind: 'float', bits: 64 };
const single: LogicalType = { kind: 'float', bits: 32 };

test.each<[LogicalType, LogicalType]>([
  [decimal(4), decimal(2)],
  [decimal(), decimal(2)],
  [decimal(), double],
  [double, decimal(2)],
  [double, single],
  [timestamp(), timestamp(0)],
  [timestamp(), { kind: 'date' }],
  [
    { kind: 'array', element: decimal(4) },
    { kind: 'array', element: decimal(2) },
  ],
  [{ kind: 'domain', schema: 's', name: 'money', base: decimal(4) }, decimal(2)],
])('%j into %j may be another value', (from, into) => {
  expect(rounds(from, into)).toBe(true);
});

test.each<[LogicalType, LogicalType]>([
  [decimal(2), decimal(4)],
  [decimal(4), decimal()],
  [{ kind: 'integer', bits: 64 }, decimal(0)],
  [single, double],
  [timestamp(3), timestamp()],
  [timestamp(), timestamp(6)],
  // Refused where it does not fit.
  [
    { kind: 'string', maxLength: 9 },
    { kind: 'string', maxLength: 5 },
  ],
])('%j into %j stays what it is, or is refused', (from, into) => {
  expect(rounds(from, into)).toBe(false);
});
