import { firstCell } from '../wire/messages.js';
import type { CellsText, RelationText } from '../wire/messages.js';
import { FunctionFromText, freeze, keys, stringify } from './host.js';
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
  makeRow(cells: CellsText): Row;
  /** Whether a row still says what its cells say. */
  isUntouched(row: Row, cells: CellsText): boolean;
  /** The key's values. */
  keyOf(cells: CellsText): Cell[];
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
  const construct = rowConstructor(text);
  const compare = rowComparison(text);
  const viewed = text.columns.flatMap((name, index) => {
    const view = text.views?.[index] ?? 'text';
    return view === 'json' || view === 'array' ? [{ name, view, at: index + firstCell }] : [];
  });
  return {
    text,
    meta: freeze({ schema: text.schema, table: text.table }),
    keyOf: (cells) => text.key.map((index) => cells[index + firstCell] as Cell),
    makeRow(cells) {
      const row = construct(cells, readBoolean);
      for (const { name, view, at } of viewed) {
        const cell = cells[at] as Cell;
        if (cell !== null) defineUnread(row, name, cell, view);
      }
      return row;
    },
    isUntouched: (row, cells) =>
      compare(row, cells, readBoolean) &&
      viewed.every(({ name, view, at }) => isUntouchedCell(row, name, { view, text: cells[at] as Cell })),
  };
}

function isUntouchedCell(row: Row, name: string, origin: Origin): boolean {
  const text = unreadText(row, name);
  if (text !== undefined) return text === origin.text;
  return Object.hasOwn(row, name) && writeValue(row[name], origin) === origin.text;
}

/**
 * A function that builds a row's object. It is compiled, because a literal with known columns is built several times
 * faster than one that is filled in a loop.
 */
function rowConstructor({
  columns,
  views,
}: RelationText): (cells: CellsText, boolean: typeof readBoolean) => Row {
  const members = columns.map((name, index) => {
    const cell = `c[${String(index + firstCell)}]`;
    // In brackets, because `"__proto__": x` would set the prototype.
    return `[${stringify(name)}]:${views?.[index] === 'boolean' ? `b(${cell})` : cell}`;
  });
  return FunctionFromText('c', 'b', `"use strict";return {${members.join(',')}}`) as ReturnType<
    typeof rowConstructor
  >;
}

function rowComparison({
  columns,
  views,
}: RelationText): (row: Row, cells: CellsText, boolean: typeof readBoolean) => boolean {
  const equal = columns.flatMap((name, index) => {
    const view = views?.[index] ?? 'text';
    const cell = `c[${String(index + firstCell)}]`;
    if (view === 'json' || view === 'array') return [];
    return [`r[${stringify(name)}]===${view === 'boolean' ? `b(${cell})` : cell}`];
  });
  const body = `"use strict";let n=0;for(const k in r)n++;return ${[`n===${String(columns.length)}`, ...equal].join('&&')}`;
  return FunctionFromText('r', 'c', 'b', body) as ReturnType<typeof rowComparison>;
}

/** Columns and values of a row that a script made, or changed. A column that is undefined is left out. */
export function writtenRow(row: Row, from?: { relation: Relation; cells: CellsText }): [string[], Cell[]] {
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

function writtenCell(
  value: unknown,
  name: string,
  from: { relation: Relation; cells: CellsText } | undefined,
): Cell | undefined {
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

function originOf(
  name: string,
  { relation, cells }: { relation: Relation; cells: CellsText },
): Origin | undefined {
  const index = relation.text.columns.indexOf(name);
  if (index === -1) return undefined;
  return { view: relation.text.views?.[index] ?? 'text', text: cells[index + firstCell] as Cell };
}
