import { describe, expect, it } from 'vitest';
import { nameFilter } from './filter.js';
import type { NameFilterPatterns } from './filter.js';

const names = ['public.orders', 'public.order_items', 'public.Orders', 'audit.orders', 'audit.log'];

function kept(patterns: NameFilterPatterns): string[] {
  const filter = nameFilter(patterns);
  return names.filter((name) => {
    const [schema = '', table = ''] = name.split('.');
    return filter.matches({ schema, table });
  });
}

describe('nameFilter', () => {
  it('keeps everything by default', () => {
    expect(kept({})).toEqual(names);
    expect(kept({ schema: '.*', table: '.*', tableExclusion: '' })).toEqual(names);
  });

  it('matches anywhere in the name and regards case', () => {
    expect(kept({ table: 'order' })).toEqual(['public.orders', 'public.order_items', 'audit.orders']);
    expect(kept({ table: '^orders$', schema: '^public$' })).toEqual(['public.orders']);
    expect(kept({ table: '(?i)^orders$' })).toEqual(['public.orders', 'public.Orders', 'audit.orders']);
  });

  it('excludes what the table filter let through', () => {
    expect(kept({ table: 'order', tableExclusion: '_items$' })).toEqual(['public.orders', 'audit.orders']);
  });

  it('refuses an exclusion of every table', () => {
    expect(() => nameFilter({ tableExclusion: '.*' })).toThrow(expect.objectContaining({ code: 'TSM1001' }));
  });

  it.each([
    ['schema', '--schema-filter'],
    ['table', '--table-filter'],
    ['tableExclusion', '--table-exclusion-filter'],
  ])('names the flag of a %s pattern that is none', (key, flag) => {
    const filter = (): unknown => nameFilter({ [key]: '(' });
    expect(filter).toThrow(expect.objectContaining({ code: 'TSM1003' }));
    expect(filter).toThrow(`${flag} "("`);
  });

  it('describes itself', () => {
    expect(nameFilter({}).description).toBe("schemas '.*', tables '.*'");
    expect(nameFilter({ schema: 'a', table: 'b', tableExclusion: 'c' }).description).toBe(
      "schemas 'a', tables 'b', without 'c'",
    );
  });
});
