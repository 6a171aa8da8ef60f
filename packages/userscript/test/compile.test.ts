import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Userscript, writeTypeDefinitions } from '@tsmolt/userscript';
import { describe, expect, it } from 'vitest';
import {
  importApi,
  library,
  openFile,
  openScript,
  readable,
  row,
  upsertScript,
  writeScripts,
} from './scripts.js';

const target = { database: 'shop' };

/** What is wrong with these files. */
async function refusal(files: Readonly<Record<string, string>>): Promise<string> {
  const file = await writeScripts(files);
  const error: unknown = await Userscript.open(file, { target }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'TSM1006', kind: 'operator' });
  return (error as Error).message.replaceAll(dirname(file), '');
}

describe('a script is compiled', () => {
  it('with the types and the syntax of TypeScript', async () => {
    const script = await openScript(`
      ${importApi}
      import type { Row } from ${JSON.stringify(library)};
      enum Level { low, high }
      class Shop<Name extends string> { constructor(private readonly name: Name) {} label(): string { return this.name; } }
      const handler = (row: Row): Row | null => ({ ...row, level: Level[1]!, shop: new Shop('x').label() satisfies string });
      api.configureTargetSchema('public', { onRowUpsert: handler, onRowDelete: (row) => row });`);
    const [outcome] = await script.dispatchSchema([row('orders', { id: '1' })]);
    expect(outcome?.map(readable)).toEqual([['upsert orders', { id: '1', level: 'high', shop: 'x' }]]);
  });

  it('together with the files that it imports', async () => {
    const file = await writeScripts({
      'script.ts': `import { rate } from './lib/rates';
        import factors from './lib/factors.json';
        import { double } from './lib/double.js';
        ${upsertScript('row.total = String(double(rate) * factors.three); return row;')}`,
      'lib/rates.ts': 'export const rate: number = 7;',
      'lib/double.ts':
        'import { rate } from "./rates.js"; export const double = (value: number) => value + rate;',
      'lib/factors.json': '{ "three": 3 }',
    });
    const script = await openFile(file);
    const [outcome] = await script.dispatchSchema([row('orders', { id: '1' })]);
    expect(outcome?.map(readable)).toEqual([['upsert orders', { id: '1', total: '42' }]]);
  });

  it('whatever the tsconfig.json beside it says', async () => {
    const file = await writeScripts({
      'script.ts': upsertScript('return row;'),
      'tsconfig.json': '{ "compilerOptions": { "paths": { "replicator@v2": ["./other.ts"] } }, broken',
    });
    const kept = row('orders', { id: '1' });
    expect(await (await openFile(file)).dispatchSchema([kept])).toEqual([[kept]]);
  });

  it('as it was written by fetch for renamed tables', async () => {
    const script = await openScript(`${importApi}
      {
        const renames = new Map([["bills", "invoices"]]);
        api.configureTargetSchema("shop.public", {
          onRowUpsert: (row, metadata) => { const renamed = renames.get(metadata.table); return renamed === undefined ? row : { [renamed]: [row] }; },
          onRowDelete: (row, metadata) => { const renamed = renames.get(metadata.table); return renamed === undefined ? row : { [renamed]: [row] }; },
        });
      }`);
    const [outcome] = await script.dispatchSchema([row('bills', { id: '1' })]);
    expect(outcome?.map(readable)).toEqual([['upsert invoices', { id: '1' }]]);
  });
});

describe('what cannot be compiled is refused with its place', () => {
  it('a mistake in the syntax', async () => {
    expect(await refusal({ 'script.ts': 'const a = 1;\nconst ü = ;\n' })).toMatch(
      /^\/script\.ts:2:11: .*";"/,
    );
  });

  it('mistakes in an imported file', async () => {
    const files = { 'script.ts': 'import "./lib/rates";', 'lib/rates.ts': '\n  let let = 1;' };
    expect(await refusal(files)).toMatch(/^\/lib\/rates\.ts:2:\d+: /);
  });

  it.each(['fs', 'node:fs', 'lodash', 'replicator@v1', '/etc/passwd', 'https://example.com/x.js'])(
    'the import of %s',
    async (name) => {
      expect(
        await refusal({ 'script.ts': `\nimport * as x from ${JSON.stringify(name)}; console.log(x);` }),
      ).toBe(
        `/script.ts:2:20: a userscript cannot import ${name}: only "replicator@v2" and files beside it ("./rates.ts") can be imported`,
      );
    },
  );

  it('a call of require, and an import in an expression', async () => {
    expect(await refusal({ 'script.ts': 'require("fs")' })).toContain(
      '/script.ts:1:9: a userscript cannot import fs',
    );
    expect(await refusal({ 'script.ts': `await import(${JSON.stringify('fs')})` })).toContain(
      'cannot import fs',
    );
  });

  it('a file that is not there', async () => {
    expect(await refusal({ 'script.ts': 'import "./nothing";' })).toBe(
      '/script.ts:1:8: there is no file ./nothing',
    );
    await expect(Userscript.open('/nowhere/script.ts', { target })).rejects.toThrow(
      'there is no userscript /nowhere/script.ts',
    );
  });

  it("files outside of the script's directory, by way of a link too", async () => {
    const file = await writeScripts({ 'sub/script.ts': 'import "../above";', 'above.ts': '' });
    await expect(Userscript.open(file, { target })).rejects.toThrow(
      "../above lies outside of the script's directory",
    );
    await writeFile(file, 'import "./link";');
    await symlink(join(dirname(file), '../above.ts'), join(dirname(file), 'link.ts'));
    await expect(Userscript.open(file, { target })).rejects.toThrow('./link lies outside');
  });

  it('an export of replicator@v2 that does not exist', async () => {
    expect(
      await refusal({ 'script.ts': `import { onRow } from ${JSON.stringify(library)}; onRow();` }),
    ).toMatch(/^\/script\.ts:1:10: .*"onRow"/);
  });
});

describe('what is registered wrongly is refused with its place', () => {
  it.each([
    [
      'api.configureTargetSchema("public", { onRowUpsert: (row) => row })',
      'wants both onRowUpsert and onRowDelete',
    ],
    ['api.configureTargetSchema("", {})', 'wants the name of a schema'],
    ['api.configureTargetTables(["a"], { onRowUpsert: (row) => row })', 'together, or neither'],
    [
      'api.configureTargetTables(["a"], { onRowInsert: (row) => row })',
      'knows onRowUpsert, onRowDelete, onWrite',
    ],
    ['api.configureTargetTables(["a"], { onWrite: 5 })', 'onWrite of configureTargetTables is no function'],
    ['api.configureTargetTables("a", {})', 'wants a list of names'],
    ['api.configureTargetTables(["a", "a"], {})', 'names a twice'],
    ['api.getTX()', 'getTX() can only be used within onWrite'],
  ])('%s', async (statement, message) => {
    const opening = openScript(`${importApi}\n  ${statement}`);
    await expect(opening).rejects.toThrow(/script\.ts:2:\d+: while the script was loaded/);
    await expect(opening).rejects.toThrow(message);
  });

  it('registering from a handler', async () => {
    const script = await openScript(upsertScript('api.configureTargetTables(["a"], {}); return row;'));
    await expect(script.dispatchSchema([row('orders', { id: '1' })])).rejects.toThrow(
      'while the script is loaded',
    );
  });

  it('a table that two registrations mean', async () => {
    const script = await openScript(`${importApi}
      api.configureTargetTables(['orders'], { onWrite: async () => {} });
      api.configureTargetTables(['public.orders'], { onWrite: async () => {} });`);
    expect(() => script.hasOnWrite({ schema: 'public', table: 'orders' })).toThrow(
      '2 registrations mean public.orders',
    );
  });

  it('names that the target does not have are told', async () => {
    const script = await openScript(
      `${importApi}
      api.configureTargetSchema('elsewhere.public', { onRowUpsert: (row) => row, onRowDelete: (row) => row });
      api.configureTargetTables(['Orders', 'orders'], { onWrite: async () => {} });`,
      {
        target: { database: 'shop', tables: [{ name: { schema: 'public', table: 'orders' }, key: ['id'] }] },
      },
    );
    expect(script.warnings).toEqual([
      'the userscript configures the schema elsewhere.public, which the target does not have',
      'the userscript configures the table Orders, which the target does not have',
    ]);
  });
});

describe('the files for an editor', () => {
  it('are written beside the script, and a tsconfig.json that is there is kept', async () => {
    const folder = dirname(await writeScripts({ 'script.ts': '' }));
    expect(await writeTypeDefinitions(folder)).toHaveLength(2);
    expect((await readdir(folder)).toSorted()).toEqual(['replicator@v2.d.ts', 'script.ts', 'tsconfig.json']);
    await writeFile(join(folder, 'tsconfig.json'), '{}');
    await writeTypeDefinitions(folder);
    expect(await readFile(join(folder, 'tsconfig.json'), 'utf8')).toBe('{}');
  });
});
