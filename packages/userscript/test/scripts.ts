import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Userscript } from '@tsmolt/userscript';
import type { ScriptRow, ScriptTable, ScriptTransaction, UserscriptOptions } from '@tsmolt/userscript';
import { onTestFinished } from 'vitest';

/** The module that scripts import. Named, because what stands after `from` in these texts is no import of the tests'. */
export const library = 'replicator@v2';
export const importApi = `import * as api from ${JSON.stringify(library)};`;

/** Writes files into a directory of this test's own. @returns the path of the first */
export async function writeScripts(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'userscript-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0] ?? '');
}

/** Opens a script for the length of this test. */
export async function openScript(
  text: string,
  options: Partial<UserscriptOptions> = {},
): Promise<Userscript> {
  return openFile(await writeScripts({ 'script.ts': text }), options);
}

export async function openFile(file: string, options: Partial<UserscriptOptions> = {}): Promise<Userscript> {
  const script = await Userscript.open(file, { target: { database: 'shop' }, ...options });
  onTestFinished(() => script.close());
  return script;
}

export function recipe(name: string): string {
  return fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url));
}

/** A script whose `onRowUpsert` has this body, with `row` and `meta`. */
export function upsertScript(body: string): string {
  return `${importApi}
api.configureTargetSchema('public', {
  onRowUpsert: (row, meta) => { ${body} },
  onRowDelete: (row) => row,
});`;
}

/** A script whose `onWrite` of the table orders has this body, with `rows`. */
export function writeScript(body: string): string {
  return `${importApi}
api.configureTargetTables(['orders'], { onWrite: async (rows) => { ${body} } });`;
}

type Texts = Readonly<Record<string, string | null>>;

/** A row of public, with the key columns named. */
export function row(
  table: string,
  values: Texts,
  {
    kind = 'upsert',
    key = ['id'],
    ...rest
  }: Partial<Pick<ScriptRow, 'kind' | 'before' | 'oldKey'>> & {
    readonly key?: readonly string[];
    readonly views?: ScriptTable['views'];
  } = {},
): ScriptRow {
  const columns = Object.keys(values);
  const { views, ...others } = rest;
  const shape: ScriptTable = {
    name: { schema: 'public', table },
    columns,
    key: key.map((name) => columns.indexOf(name)),
    ...(views && { views }),
  };
  return { kind, table: shape, values: Object.values(values), ...others };
}

/** A row as one reads it: `['upsert orders', { id: '1' }]`. */
export function readable({ kind, table, values }: ScriptRow): [string, Texts] {
  const members = table.columns.map((column, index) => [column, values[index] ?? null] as const);
  return [`${kind} ${table.name.table}`, Object.fromEntries(members)];
}

/** Records what a script does to its transaction; statements and writes are answered by the functions given. */
export function recordingTransaction(
  answers: {
    readonly query?: (sql: string, values: readonly (string | null)[]) => readonly (readonly unknown[])[];
    readonly exec?: (sql: string) => void;
    readonly write?: (rows: readonly ScriptRow[]) => void;
  } = {},
): ScriptTransaction & { readonly did: unknown[]; readonly written: ScriptRow[] } {
  const did: unknown[] = [];
  const written: ScriptRow[] = [];
  return {
    did,
    written,
    schema: '"shop"."public"',
    table: '"shop"."public"."orders"',
    columns: [{ name: '"id"', type: 'INT8', primary: true, ignored: false }],
    query: async (sql, values) => {
      did.push([sql, ...values]);
      return answers.query?.(sql, values) ?? [];
    },
    exec: async (sql, values) => {
      did.push([sql, ...values]);
      answers.exec?.(sql);
    },
    write: async (rows) => {
      answers.write?.(rows);
      did.push(`write ${String(rows.length)}`);
      written.push(...rows);
    },
  };
}
