import { describe, expect, it } from 'vitest';
import { comparisonKey, displayName } from './names.js';

describe('names', () => {
  it('prints schema and table as MOLT does', () => {
    expect(displayName({ schema: 'public', table: 'order items' })).toBe('public.order items');
  });

  it('lets spellings meet unless case matters', () => {
    expect(comparisonKey('OrderItems', false)).toBe(comparisonKey('ORDERITEMS', false));
    expect(comparisonKey('OrderItems', true)).not.toBe(comparisonKey('orderitems', true));
  });
});
