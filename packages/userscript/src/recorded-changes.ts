import { TsmoltError } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import type { ScriptRow, ScriptTable } from './rows.js';

type Texts = Readonly<Record<string, string | null>>;

/**
 * One recorded change: a line of JSON. Every value is a text, as the target would load it, or null for NULL; a column
 * that is absent was not sent. Columns of the key need not be repeated in `values`.
 */
export interface RecordedChange {
  readonly table: TableName;
  readonly kind: 'upsert' | 'update' | 'delete';
  readonly values?: Texts;
  /** The values that identify the row. */
  readonly key: Texts;
  /** The key before the change, where the change gave the row another one. */
  readonly oldKey?: Texts;
  readonly before?: Texts;
}

/** Reads recorded changes, and gives rows of the same shape one table. */
export class ChangeReader {
  readonly #file: string;
  readonly #tables = new Map<string, ScriptTable>();

  /** @param file as messages name it */
  constructor(file: string) {
    this.#file = file;
  }

  /** @throws TsmoltError `TSM1006` with file and line */
  read(line: string, number: number): ScriptRow {
    const fail = (what: string): TsmoltError =>
      new TsmoltError('TSM1006', {
        message: `${this.#file}:${String(number)}: ${what}`,
        advice: `A line is like {"table":{"schema":"public","table":"orders"},"kind":"upsert","values":{"id":"1"},"key":{"id":"1"}}.`,
      });
    let content: unknown;
    try {
      content = JSON.parse(line);
    } catch {
      throw fail('is no JSON');
    }
    const { table, kind, ...rest } = (content ?? {}) as Readonly<Record<string, unknown>>;
    if (!isTableName(table)) throw fail('"table" is no object with "schema" and "table"');
    if (kind !== 'upsert' && kind !== 'update' && kind !== 'delete')
      throw fail('"kind" is not "upsert", "update" or "delete"');
    const parts = Object.fromEntries(
      ['key', 'values', 'oldKey', 'before'].flatMap((name) => {
        const part = rest[name];
        if (part !== undefined && !isTexts(part))
          throw fail(`"${name}" is no object of texts in quotes and nulls`);
        return part === undefined ? [] : [[name, part] as const];
      }),
    ) as Partial<Record<'key' | 'values' | 'oldKey' | 'before', Texts>>;
    const { key, ...others } = parts;
    if (key === undefined || Object.keys(key).length === 0) throw fail('"key" has no columns');
    return this.#row(table, kind, { key, ...others });
  }

  #row(
    name: TableName,
    kind: ScriptRow['kind'],
    { key, oldKey, before, values: sent }: Omit<RecordedChange, 'table' | 'kind'>,
  ): ScriptRow {
    const values = { ...key, ...sent };
    const columns = Object.keys(values);
    const keyColumns = Object.keys(key);
    const shape = JSON.stringify([name.schema, name.table, columns, keyColumns]);
    const table = this.#tables.get(shape) ?? {
      name: { schema: name.schema, table: name.table },
      columns,
      key: keyColumns.map((column) => columns.indexOf(column)),
    };
    this.#tables.set(shape, table);
    return {
      kind,
      table,
      values: Object.values(values),
      ...(oldKey && { oldKey: keyColumns.map((column) => oldKey[column]) }),
      ...(before && { before: Object.values(before), beforeColumns: Object.keys(before) }),
    };
  }
}

/** The opposite: a row as a recorded change. */
export function recordedChange({
  table,
  kind,
  values,
  oldKey,
  before,
  beforeColumns,
}: ScriptRow): RecordedChange {
  const keyColumns = table.key.map((index) => table.columns[index] ?? '');
  return {
    table: table.name,
    kind,
    values: texts(table.columns, values),
    key: texts(
      keyColumns,
      table.key.map((index) => values[index]),
    ),
    ...(oldKey && { oldKey: texts(keyColumns, oldKey) }),
    ...(before && { before: texts(beforeColumns ?? table.columns, before) }),
  };
}

function texts(columns: readonly string[], values: ScriptRow['values']): Texts {
  return Object.fromEntries(
    columns.flatMap((column, index) => {
      const text = values[index];
      return text === undefined ? [] : [[column, text] as const];
    }),
  );
}

function isTexts(value: unknown): value is Texts {
  return isRecord(value) && Object.values(value).every((text) => text === null || typeof text === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTableName(value: unknown): value is TableName {
  return isRecord(value) && typeof value['schema'] === 'string' && typeof value['table'] === 'string';
}
