import { describe, expect, it } from 'vitest';
import { TargetNames } from './target.js';

const orders = { schema: 'public', table: 'orders' };
const dotted = { schema: 'public', table: 'a.b' };
const names = new TargetNames({
  database: 'shop',
  tables: [orders, dotted, { schema: 'old', table: 'orders' }].map((name) => ({ name, key: ['id'] })),
});

describe('names in scripts', () => {
  it('mean a schema with or without the database, and with the same case', () => {
    expect(
      ['public', 'shop.public', 'Public', 'other.public'].map((text) => names.meansSchema(text, 'public')),
    ).toEqual([true, true, false, false]);
  });

  it('mean a table with or without what comes before it', () => {
    const texts = ['orders', 'public.orders', 'shop.public.orders', 'old.orders', 'Orders'];
    expect(texts.map((text) => names.meansTable(text, orders))).toEqual([true, true, true, false, false]);
  });

  it("route to the row's own schema, unless they name another one", () => {
    expect(names.routed('orders', 'old')).toEqual({ schema: 'old', table: 'orders' });
    expect(names.routed('shop.old.orders', 'public')).toEqual({ schema: 'old', table: 'orders' });
    expect(names.routed('a.b', 'public')).toEqual(dotted);
    expect(names.routed('x.y', 'public')).toEqual({ schema: 'public', table: 'x.y' });
  });

  it('may be any where the target is not known', () => {
    const unknown = new TargetNames({});
    expect(unknown.mayExist({ schema: 'a', table: 'b' })).toBe(true);
    expect(names.mayExist({ schema: 'a', table: 'b' })).toBe(false);
    expect(unknown.schemaInScripts('public')).toBe('public');
  });
});
