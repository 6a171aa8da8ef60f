import { deleteCode } from '../wire/messages.js';
import type {
  CellsText,
  DispatchText,
  DispatchedText,
  FailureText,
  MadeRowText,
  MadeShapeText,
  OutcomeText,
} from '../wire/messages.js';
import { describeThrown } from './failure.js';
import { progress, stringify } from './host.js';
import { schemaHandlers, tableHandlers } from './registry.js';
import type { SchemaHandlers } from './registry.js';
import { defineRelations, relationOf, writtenRow } from './relation.js';
import type { Relation, Row } from './relation.js';

interface Cells {
  readonly relation: Relation;
  readonly cells: CellsText;
}

const shapes = new Map<string, number>();
let newShapes: MadeShapeText[] = [];
const handlersOfRelation = new Map<number, SchemaHandlers>();

/** Hands each row of a batch to its handlers. The first error ends it. */
export function dispatch({ phase, relations, rows }: DispatchText): DispatchedText | FailureText {
  defineRelations(relations);
  newShapes = [];
  const handle = phase === 'schema' ? handleBySchema : handleByTable;
  const outcomes: OutcomeText[] = [];
  let index = 0;
  try {
    for (const cells of rows) {
      progress[0] = index;
      outcomes.push(handle(cells));
      index++;
    }
    return { shapes: newShapes, outcomes };
  } catch (thrown) {
    // Shapes that the host never heard of must be announced again.
    for (const { table, columns } of newShapes) shapes.delete(shapeKey(table, columns));
    latest.clear();
    return { failed: describeThrown(thrown), row: index };
  }
}

function handleBySchema(cells: CellsText): OutcomeText {
  const relation = relationOf(cells[0]);
  const handlers = handlersFor(relation);
  const row = relation.makeRow(cells);
  const result =
    cells[1] === deleteCode
      ? handlers.onRowDelete(row, relation.meta)
      : handlers.onRowUpsert(row, relation.meta);
  if (result === null) return null;
  const from = { relation, cells };
  if (result === row) return relation.isUntouched(row, cells) ? 0 : [madeRow(null, row, from)];
  const object = mustBeRow(result, cells[1]);
  return isRouting(object) ? routedRows(object, from) : [madeRow(null, object, from)];
}

function handlersFor(relation: Relation): SchemaHandlers {
  const known = handlersOfRelation.get(relation.text.id);
  if (known !== undefined) return known;
  const handlers = schemaHandlers(relation.text.handler);
  handlersOfRelation.set(relation.text.id, handlers);
  return handlers;
}

function handleByTable(cells: CellsText): OutcomeText {
  const relation = relationOf(cells[0]);
  const { onRowUpsert, onRowDelete } = tableHandlers(relation.text.handler);
  if (cells[1] === deleteCode) {
    const keyValues = relation.keyOf(cells);
    return onRowDelete === undefined ? 0 : keptKey(onRowDelete([...keyValues], relation.meta), keyValues);
  }
  if (onRowUpsert === undefined) return 0;
  const row = relation.makeRow(cells);
  const result = onRowUpsert(row, relation.meta);
  if (result === null) return null;
  if (result === row && relation.isUntouched(row, cells)) return 0;
  const object = mustBeRow(result, cells[1]);
  if (object !== row && isRouting(object))
    throw new TypeError(
      'onRowUpsert of configureTargetTables returned rows by table: only configureTargetSchema can send rows to other tables',
    );
  return [madeRow(null, object, { relation, cells })];
}

function keptKey(result: unknown, before: readonly (string | null)[]): OutcomeText {
  if (result === null) return null;
  if (!Array.isArray(result) || result.length !== before.length)
    throw new TypeError(`onRowDelete must return ${String(before.length)} values of the key, or null`);
  const values = result.map((value: unknown) => {
    if (typeof value === 'string' || value === null) return value;
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
      return String(value);
    throw new TypeError(`onRowDelete returned a ${typeof value} for a value of the key`);
  });
  return values.every((value, index) => value === before[index]) ? 0 : [[-1, ...values]];
}

function mustBeRow(result: unknown, action: number): Row {
  const handler = action === deleteCode ? 'onRowDelete' : 'onRowUpsert';
  if (result === undefined)
    throw new TypeError(`${handler} returned nothing: return the row, or null to leave it out`);
  if (typeof result !== 'object' || result === null || Array.isArray(result))
    throw new TypeError(`${handler} returned a ${Array.isArray(result) ? 'list' : typeof result}, not a row`);
  if (typeof (result as { then?: unknown }).then === 'function')
    throw new TypeError(`${handler} returned a promise: only onWrite may be async`);
  return result as Row;
}

/** Rows by table: every member is a list of objects. A row whose columns are all lists of objects is none that exists. */
function isRouting(object: Row): boolean {
  return Object.values(object).every(
    (value) =>
      Array.isArray(value) &&
      value.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item)),
  );
}

function routedRows(routing: Row, from: Cells): OutcomeText {
  const made = Object.entries(routing).flatMap(([table, rows]) =>
    (rows as Row[]).map((each) => madeRow(table, each, from)),
  );
  return made.length === 0 ? null : made;
}

function madeRow(table: string | null, row: Row, from: Cells): MadeRowText {
  const [columns, values]: [string[], (string | number | null)[]] = writtenRow(row, from);
  if (columns.length === 0)
    throw new TypeError('a row without any column was returned: return null to leave it out');
  values.unshift(shapeOf(table, columns));
  return values as unknown as MadeRowText;
}

/** The shape that was made last for a table: most scripts make one. */
const latest = new Map<string | null, MadeShapeText>();

function shapeOf(table: string | null, columns: readonly string[]): number {
  const last = latest.get(table);
  if (last !== undefined && isSameList(last.columns, columns)) return last.id;
  const key = shapeKey(table, columns);
  const known = shapes.get(key);
  const shape = { id: known ?? shapes.size, table, columns };
  latest.set(table, shape);
  if (known === undefined) {
    shapes.set(key, shape.id);
    newShapes.push(shape);
  }
  return shape.id;
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function shapeKey(table: string | null, columns: readonly string[]): string {
  return stringify([table, columns]);
}
