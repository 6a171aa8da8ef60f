import { deleteCode } from '../wire/messages.js';
import type {
  DispatchText,
  DispatchedText,
  FailureText,
  MadeRowText,
  MadeShapeText,
  OutcomeText,
  ValuesText,
} from '../wire/messages.js';
import { describeThrown } from './failure.js';
import { GivenRow, isUntouched, proxyOf, valuesOf } from './given-row.js';
import { keys, parse, progress, stringify } from './host.js';
import { schemaHandlers, tableHandlers } from './registry.js';
import { defineRelations, relationOf, writtenRow } from './relation.js';
import type { Relation, Row } from './relation.js';

/** What is done with each row of one relation and action. */
type Handle = (line: string) => OutcomeText;

/** The row that a handler got, beside what it returned. */
interface From {
  readonly row: Row;
  readonly given: GivenRow;
}

const shapes = new Map<string, number>();
let newShapes: MadeShapeText[] = [];

/** Hands each row of a batch to its handlers. The first error ends it. @param lines a `DispatchText`, then the rows */
export function dispatch(lines: readonly string[]): DispatchedText | FailureText {
  const { phase, relations, runs } = parse(lines[0] as string) as DispatchText;
  defineRelations(relations);
  newShapes = [];
  const handling = phase === 'schema' ? handleBySchema : handleByTable;
  const outcomes: OutcomeText[] = [];
  let index = 0;
  try {
    for (let run = 0; run < runs.length; run += 3) {
      const handle = handling(relationOf(runs[run] as number), runs[run + 1] as number);
      for (let left = runs[run + 2] as number; left > 0; left--) {
        progress[0] = index;
        // Not by `push`, which the script may have replaced.
        outcomes[index] = handle(lines[index + 1] as string);
        index++;
      }
    }
    return { shapes: newShapes, outcomes };
  } catch (thrown) {
    // Shapes that the host never heard of must be announced again.
    for (const { table, columns } of newShapes) shapes.delete(shapeKey(table, columns));
    latest.clear();
    return { failed: describeThrown(thrown), row: index };
  }
}

function handleBySchema(relation: Relation, action: number): Handle {
  const handlers = schemaHandlers(relation.text.handler);
  const { meta } = relation;
  return (line) => {
    const given = new GivenRow(relation, line);
    const row = proxyOf(given);
    const result = action === deleteCode ? handlers.onRowDelete(row, meta) : handlers.onRowUpsert(row, meta);
    if (result === row && isUntouched(given)) return 0;
    if (result === null) return null;
    const from = { row, given };
    if (result === row) return [madeRow(null, row, from)];
    const object = mustBeRow(result, action);
    return isRouting(object) ? routedRows(object, from) : [madeRow(null, object, from)];
  };
}

function handleByTable(relation: Relation, action: number): Handle {
  const handlers = tableHandlers(relation.text.handler);
  const { meta } = relation;
  if (action === deleteCode)
    return (line) => {
      const keyValues = relation.keyOf(parse(line) as ValuesText);
      return handlers.onRowDelete === undefined
        ? 0
        : keptKey(handlers.onRowDelete([...keyValues], meta), keyValues);
    };
  return (line) => {
    if (handlers.onRowUpsert === undefined) return 0;
    const given = new GivenRow(relation, line);
    const row = proxyOf(given);
    const result = handlers.onRowUpsert(row, meta);
    if (result === row && isUntouched(given)) return 0;
    if (result === null) return null;
    const object = result === row ? row : mustBeRow(result, action);
    if (object !== row && isRouting(object))
      throw new TypeError(
        'onRowUpsert of configureTargetTables returned rows by table: only configureTargetSchema can send rows to other tables',
      );
    return [madeRow(null, object, { row, given })];
  };
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

function routedRows(routing: Row, from: From): OutcomeText {
  const made: MadeRowText[] = [];
  for (const table of keys(routing))
    for (const each of routing[table] as Row[]) made[made.length] = madeRow(table, each, from);
  return made.length === 0 ? null : made;
}

function madeRow(table: string | null, result: Row, { row, given }: From): MadeRowText {
  const { relation } = given;
  // What stands behind the proxy is read faster.
  const object = result === row ? given.target : result;
  if (object === given.target && isUntouched(given) && relation.text.columns.length > 0)
    return [shapeOf(table, relation.text.columns)];
  if (isSameList(keys(object), relation.text.columns)) {
    const texts = relation.plainTexts(object, shapeOf(table, relation.text.columns));
    if (texts !== undefined) return texts;
  }
  const [columns, values] = writtenRow(object, { relation, values: valuesOf(given) });
  if (columns.length === 0)
    throw new TypeError('a row without any column was returned: return null to leave it out');
  return [shapeOf(table, columns), ...values];
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
    newShapes[newShapes.length] = shape;
  }
  return shape.id;
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function shapeKey(table: string | null, columns: readonly string[]): string {
  return stringify([table, columns]);
}
