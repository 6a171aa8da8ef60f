import { describe, expect, test } from 'vitest';
import type { PublishedColumn } from './published-relation.js';
import { StreamedTables } from './streamed-tables.js';

const types = new Map([
  [23, 'integer'],
  [25, 'text'],
]);

/** `name:type` or `name:type:modifier`. */
function shape(text: string): PublishedColumn[] {
  return text.split(' ').map((column) => {
    const [name = '', type, typmod = '-1'] = column.split(':');
    return { name, typeOid: Number(type), typmod: Number(typmod) };
  });
}

const t = { schema: 'public', table: 't' };

/** The table `t` as the catalog shows it at a position, with what an earlier process knew. */
function opened(columns: string, { readAt, shapes, oid = 1 }: { readAt: bigint; shapes?: string; oid?: number }): StreamedTables {
  const wanted = { oid, name: t, columns: shape(columns), generated: [], key: ['id'] };
  return new StreamedTables([wanted], { types, readAt, others: [], shapes });
} // prettier-ignore

/** What the first row in a shape tells, in a transaction that commits at the position and ends behind it. */
function told(tables: StreamedTables, columns: string, at: bigint, oid = 1): string | undefined {
  const announced = shape(columns).map((column) => ({ ...column, inIdentity: column.name === 'id' }));
  const event = tables.announce({ oid, name: t, identity: 'd', columns: announced }, at);
  tables.commit(at + 1n);
  return event?.statement;
}

describe('what was altered while nobody read', () => {
  /** Reads on at 20, with the table as it was at 10. */
  function reopened(columns: string, oid?: number): StreamedTables {
    const before = opened('id:23 v:25:9', { readAt: 10n });
    const after = opened(columns, { readAt: 50n, shapes: before.shapes(0n), ...(oid === undefined ? {} : { oid }) });
    after.rewind(20n);
    return after;
  } // prettier-ignore

  test.each([
    ['id:23', 'public.t: column "v" was dropped'],
    ['id:23 v:25:9 w:23', 'public.t: column "w" integer was added'],
    ['id:23 w:25:9', 'public.t: column "v" was renamed to "w"'],
    ['id:25 v:25:9', 'public.t: column "id" was changed from integer to text'],
    ['id:23 v:25', 'public.t: column "v" text got another length or precision'],
  ])('is told with the first row, once: %s', (columns, statement) => {
    const tables = reopened(columns);
    expect(told(tables, columns, 30n)).toBe(statement);
    expect(told(tables, columns, 60n)).toBeUndefined();
  });

  test('is not told with rows from before it', () => {
    const tables = reopened('id:23');
    expect(told(tables, 'id:23 v:25:9', 30n)).toBeUndefined();
    expect(told(tables, 'id:23', 40n)).toBe('public.t: column "v" was dropped');
  });

  test('is told of a table that was dropped and created again', () => {
    const tables = reopened('id:23 v:25:9', 2);
    expect(told(tables, 'id:23 v:25:9', 30n, 2)).toBe('public.t: it is another table of the same name');
  });

  test('is not told of a table that nobody read before', () => {
    const before = new StreamedTables([], { types, readAt: 10n, others: [] });
    const tables = opened('id:23', { readAt: 50n, shapes: before.shapes(0n) });
    tables.rewind(20n);
    expect(told(tables, 'id:23', 60n)).toBeUndefined();
  });
});

describe('shapes that are known already', () => {
  /** Whoever goes on at a position with what was known when all of it had been read. */
  function goneOn(from: bigint, durable: bigint): StreamedTables {
    const before = opened('id:23', { readAt: 10n });
    told(before, 'id:23 v:25', 20n);
    told(before, 'id:23 v:25 w:25', 30n);
    const after = opened('id:23 v:25 w:25', { readAt: 50n, shapes: before.shapes(durable) });
    after.rewind(from);
    return after;
  }

  test('count from the end of their transaction on', () => {
    expect(told(goneOn(20n, 0n), 'id:23 v:25', 20n)).toBe('public.t: column "v" text was added');
    expect(told(goneOn(21n, 0n), 'id:23 v:25', 25n)).toBeUndefined();
    expect(told(goneOn(21n, 21n), 'id:23 v:25 w:25', 30n)).toBe('public.t: column "w" text was added');
    expect(told(goneOn(31n, 21n), 'id:23 v:25 w:25', 40n)).toBeUndefined();
  });

  test('of whom the first came too late for where somebody goes on are the younger ones', () => {
    expect(told(goneOn(0n, 31n), 'id:23', 15n)).toBe(
      'public.t: altered after these changes were made: column "v" text was added; column "w" text was added',
    );
  });

  test('say that a row is from before what the catalog showed at the first start, in later ones as well', () => {
    const shapes = opened('id:23 v:25', { readAt: 40n }).shapes(0n);
    const tables = opened('id:23', { readAt: 90n, shapes });
    tables.rewind(20n);
    expect(told(tables, 'id:23', 30n)).toBe(
      'public.t: altered after these changes were made: column "v" text was added',
    );
  });

  test('leave out what has not been committed', () => {
    const tables = opened('id:23', { readAt: 10n });
    const columns = shape('id:23 v:25').map((column) => ({ ...column, inIdentity: false }));
    const before = tables.shapes(0n);
    tables.announce({ oid: 1, name: t, identity: 'd', columns }, 20n);
    expect(tables.shapes(0n)).toBe(before);
    tables.commit(21n);
    expect(tables.shapes(0n)).not.toBe(before);
  });
});

describe('the text of shapes', () => {
  test('stays the same from process to process, as long as nothing is altered', () => {
    const shapes = opened('id:23 v:25:9', { readAt: 10n }).shapes(0n);
    const later = opened('id:23 v:25:9', { readAt: 90n, shapes });
    expect(later.shapes(0n)).toBe(shapes);
    later.rewind(20n);
    told(later, 'id:23 v:25:9', 30n);
    expect(later.shapes(31n)).toBe(shapes);
  });

  test('forgets what nobody will go on from', () => {
    const tables = opened('id:23', { readAt: 10n });
    for (let at = 20n; at < 1000n; at += 10n) told(tables, `id:23 column_${at}:25`, at);
    const all = tables.shapes(0n).length;
    told(tables, 'id:23', 1000n);
    expect(tables.shapes(1001n).length).toBeLessThan(all / 5);
  });

  test('is small for a thousand tables', () => {
    const columns = shape(
      Array.from({ length: 20 }, (_, n) => `some_column_${n * n}:${23 + (n % 3)}`).join(' '),
    );
    const many = Array.from({ length: 1000 }, (_, n) => ({
      oid: 16_384 + 7 * n, name: { schema: 'public', table: `table_${n}` }, columns, generated: [], key: [],
    })); // prettier-ignore
    const tables = new StreamedTables(many, { types, readAt: 10n, others: [] });
    expect(tables.shapes(0n).length).toBeLessThan(100_000);
  });
});
