import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { replicationScript } from './replication-script.js';

type Row = Record<string, string>;
type Handler = (row: Row, metadata: { readonly table: string }) => unknown;
interface Handlers {
  readonly onRowUpsert: Handler;
  readonly onRowDelete: Handler;
}

/** Runs the script, which is JavaScript but for its import, with an API that remembers what it was given. */
function configured(script: string): Map<string, Handlers> {
  const schemas = new Map<string, Handlers>();
  const api = {
    configureTargetSchema: (schema: string, handlers: Handlers): void => void schemas.set(schema, handlers),
  };
  const [first, ...others] = script.split('\n');
  expect(first).toContain('* as api');
  expect(first).toContain('"replicator@v2"');
  runInNewContext(others.join('\n'), { api });
  return schemas;
}

const name = (schema: string, table: string): { schema: string; table: string } => ({ schema, table });

test('rows go to the renamed tables of their schema, deleted ones too', () => {
  const script = replicationScript(
    [
      { source: name('public', 'charges_part1'), target: name('public', 'charges') },
      { source: name('public', 'charges_part2'), target: name('public', 'charges') },
      { source: name('old', 'a "b"\n'), target: name('new', "it's") },
      { source: name('old', 'same'), target: name('new', 'same') },
    ],
    'shop',
  );
  const schemas = configured(script);
  expect([...schemas.keys()]).toEqual(['shop.public', 'shop.new']);
  const row = { id: '1' };
  expect(schemas.get('shop.public')?.onRowUpsert(row, { table: 'charges_part2' })).toEqual({
    charges: [row],
  });
  expect(schemas.get('shop.public')?.onRowDelete(row, { table: 'charges_part1' })).toEqual({
    charges: [row],
  });
  expect(schemas.get('shop.public')?.onRowUpsert(row, { table: 'other' })).toBe(row);
  expect(schemas.get('shop.new')?.onRowDelete(row, { table: 'a "b"\n' })).toEqual({ "it's": [row] });
  expect(schemas.get('shop.new')?.onRowUpsert(row, { table: 'same' })).toBe(row);
});

test('the script reads like one that somebody wrote', () => {
  const script = replicationScript(
    [{ source: name('public', 'charges_part1'), target: name('public', 'charges') }],
    'shop',
  );
  expect(script.slice(script.indexOf('\n'))).toMatchInlineSnapshot(`
    "

    // Written by tsmolt fetch: each source table and the table on the target that its rows went into.

    {
      const renames = new Map([
        ["charges_part1", "charges"],
      ]);
      api.configureTargetSchema("shop.public", {
        onRowUpsert: (row, metadata) => {
          const renamed = renames.get(metadata.table);
          return renamed === undefined ? row : { [renamed]: [row] };
        },
        onRowDelete: (row, metadata) => {
          const renamed = renames.get(metadata.table);
          return renamed === undefined ? row : { [renamed]: [row] };
        },
      });
    }
    "
  `);
});
