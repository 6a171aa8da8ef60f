import type { MadeRowText, RelationText, ValuesText } from '../wire/messages.js';
import { defineProperty, FunctionFromText, freeze, keys, stringify } from './host.js';
import { defineUnread, readBoolean, unreadText, writeValue } from './values.js';
import type { Origin } from './values.js';

export type Row = Record<string, unknown>;
export interface Metadata {
  readonly schema: string;
  readonly table: string;
}

type Cell = string | null;

/** A shape of rows: makes the objects that scripts see, and tells afterwards what a script did to them. */
export interface Relation {
  readonly text: RelationText;
  /** One object for all rows. */
  readonly meta: Metadata;
  /** Gives an empty object the columns of a row. */
  build(row: Row, values: ValuesText): void;
  /** Whether a row still says what its values say. */
  isUntouched(row: Row, values: ValuesText): boolean;
  /** The same, of a row that nobody has set, added or removed a column of: a document in one may still be another. */
  isUnread(row: Row, values: ValuesText): boolean;
  /**
   * A shape's number and the texts of a row that has exactly these columns, in their order.
   *
   * @returns undefined where one of its values is no text yet
   */
  plainTexts(row: Row, shape: number): MadeRowText | undefined;
  /** The key's values. */
  keyOf(values: ValuesText): Cell[];
}

const relations = new Map<number, Relation>();
let newest: readonly number[] = [];

export function defineRelations(texts: readonly RelationText[]): void {
  newest = texts.map((text) => text.id);
  for (const text of texts) relations.set(text.id, makeRelation(text));
}

export function relationOf(id: number): Relation {
  const relation = relations.get(id);
  if (relation === undefined) throw new Error(`no shape ${String(id)}, newest ${newest.join(', ')}`);
  return relation;
}

function makeRelation(text: RelationText): Relation {
  const assign = rowFiller(text);
  const compare = rowComparison(text);
  const viewed = text.columns.flatMap((name, at) => {
    const view = text.views?.[at] ?? 'text';
    return view === 'json' || view === 'array' ? [{ name, view, at }] : [];
  });
  const isUnread = (row: Row, values: ValuesText): boolean =>
    viewed.every(({ name, view, at }) => isUntouchedCell(row, name, { view, text: values[at] as Cell }));
  return {
    text,
    meta: freeze({ schema: text.schema, table: text.table }),
    keyOf: (values) => text.key.map((at) => values[at] as Cell),
    build(row, values) {
      assign(row, values, readBoolean, defineMember);
      for (const { name, view, at } of viewed) {
        const cell = values[at] as Cell;
        if (cell !== null) defineUnread(row, name, cell, view);
      }
    },
    isUntouched: (row, values) =>
      keys(row).length === text.columns.length && compare(row, values, readBoolean) && isUnread(row, values),
    isUnread,
    plainTexts: textReader(text),
  };
}

function isUntouchedCell(row: Row, name: string, origin: Origin): boolean {
  const text = unreadText(row, name);
  if (text !== undefined) return text === origin.text;
  return Object.hasOwn(row, name) && writeValue(row[name], origin) === origin.text;
}

function defineMember(row: object, name: string, value: unknown): void {
  defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
}

type Fill = (row: Row, values: ValuesText, boolean: typeof readBoolean, define: typeof defineMember) => void;

/**
 * A function that gives a row its columns. It is compiled, because columns that are known are set several times faster
 * than in a loop.
 */
function rowFiller({ columns, views }: RelationText): Fill {
  const members = columns.map((name, at) => {
    const cell = `c[${String(at)}]`;
    const value = views?.[at] === 'boolean' ? `b(${cell})` : cell;
    // What every object has by its prototype may not be settable, and `__proto__` would set the prototype.
    return name in {} ? `d(r,${stringify(name)},${value})` : `r[${stringify(name)}]=${value}`;
  });
  return FunctionFromText('r', 'c', 'b', 'd', `"use strict";${members.join(';')}`) as Fill;
}

function rowComparison({
  columns,
  views,
}: RelationText): (row: Row, values: ValuesText, boolean: typeof readBoolean) => boolean {
  const equal = columns.flatMap((name, at) => {
    const view = views?.[at] ?? 'text';
    const cell = `c[${String(at)}]`;
    if (view === 'json' || view === 'array') return [];
    return [`r[${stringify(name)}]===${view === 'boolean' ? `b(${cell})` : cell}`];
  });
  const body = `"use strict";return ${['true', ...equal].join('&&')}`;
  return FunctionFromText('r', 'c', 'b', body) as ReturnType<typeof rowComparison>;
}

function textReader({ columns, views }: RelationText): Relation['plainTexts'] {
  // A column that is read when it is looked at is better not looked at.
  if (views?.some((view) => view === 'json' || view === 'array') === true) return () => undefined;
  const names = columns.map((_, at) => `v${String(at)}`);
  const reads = names.map((name, at) => `const ${name}=r[${stringify(columns[at])}]`);
  const plain = names.map((name) => `(typeof ${name}==="string"||${name}===null)`);
  const body = `"use strict";${reads.join(';')};return ${['true', ...plain].join('&&')}?[s,${names.join(',')}]:undefined`;
  return FunctionFromText('r', 's', body) as Relation['plainTexts'];
}

/** Columns and values of a row that a script made, or changed. A column that is undefined is left out. */
export function writtenRow(row: Row, from?: Origins): [string[], Cell[]] {
  const columns: string[] = [];
  const values: Cell[] = [];
  for (const name of keys(row)) {
    const value = unreadText(row, name) ?? writtenCell(row[name], name, from);
    if (value === undefined) continue;
    columns.push(name);
    values.push(value);
  }
  return [columns, values];
}

function writtenCell(value: unknown, name: string, from: Origins | undefined): Cell | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' || value === null) return value;
  try {
    return writeValue(value, from && originOf(name, from));
  } catch (error) {
    throw new TypeError(
      `column ${stringify(name)}: ${error instanceof Error ? error.message : 'cannot be written'}`,
      {
        cause: error,
      },
    );
  }
}

/** The row that another one was made of. */
export interface Origins {
  readonly relation: Relation;
  readonly values: ValuesText | undefined;
}

function originOf(name: string, { relation, values }: Origins): Origin | undefined {
  const index = relation.text.columns.indexOf(name);
  if (index === -1) return undefined;
  return { view: relation.text.views?.[index] ?? 'text', text: values?.[index] ?? null };
}
