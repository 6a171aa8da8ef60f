import { freeze } from './host.js';
import { writtenRow } from './relation.js';
import type { Metadata, Row } from './relation.js';
import { writeValue } from './values.js';
import { ask, runningWrite } from './write-run.js';
import type { Handed, RowOp, Run } from './write-run.js';
import type { WrittenText } from '../wire/messages.js';

/*
 * `replicator@v2`, as scripts import it: the functions of MOLT Replicator's userscript API, by its manual.
 * https://www.cockroachlabs.com/docs/molt/userscript-api
 */
export { configureTargetSchema, configureTargetTables } from './registry.js';

/** The transaction in which the rows of this `onWrite` are being written. */
export function getTX(): object {
  const run = runningWrite('getTX()');
  const { text } = run;
  const statement =
    (call: 'query' | 'exec') =>
    (sql: unknown, ...params: unknown[]): Promise<unknown> => {
      if (typeof sql !== 'string') throw new TypeError(`${call} wants the text of a statement`);
      const values = params.map((value) => (value === undefined ? null : writeValue(value)));
      return ask(run, (id) => ({ id, call, sql, values }));
    };
  return freeze({
    query: statement('query'),
    exec: statement('exec'),
    columns: () => text.columns.map((column) => ({ ...(column as object) })),
    schema: () => text.schema,
    table: () => text.table,
  });
}

/** Writes rows as it would be done without a script. */
export function write(rows: unknown): Promise<unknown> {
  const run = runningWrite('write()');
  if (!Array.isArray(rows)) throw new TypeError('write wants a list of row operations');
  const written = rows.map((row) => writtenOp(run, row as RowOp));
  return ask(run, (id) => ({ id, call: 'write', rows: written }));
}

function writtenOp(run: Run, op: RowOp): WrittenText {
  if (typeof op !== 'object' || op === null)
    throw new TypeError('write wants row operations, as onWrite gets them');
  const handed = run.handed.get(op);
  if (handed !== undefined && isUntouched(op, handed)) return handed.index;
  const { action } = op;
  if (action !== 'upsert' && action !== 'delete')
    throw new TypeError('the action of a row operation is "upsert" or "delete"');
  const { table } = (op.meta ?? {}) as Partial<Metadata>;
  if (typeof table !== 'string') throw new TypeError('a row operation needs its table in meta');
  const from = handed?.index ?? null;
  return action === 'upsert'
    ? { action, table, ...upsertedColumns(op, handed), from }
    : { action, table, columns: [], values: keyTexts(op), from };
}

function isUntouched(op: RowOp, { relation, values, action, data }: Handed): boolean {
  if (op.action !== action || op.data !== data || op.meta !== relation.meta) return false;
  const key = relation.keyOf(values);
  const given = Array.isArray(op.pk) ? (op.pk as unknown[]) : [];
  const same = given.length === key.length && key.every((cell, at) => given[at] === cell);
  return same && (data === undefined || relation.isUntouched(data, values));
}

function upsertedColumns(
  op: RowOp,
  handed: Handed | undefined,
): { columns: string[]; values: (string | null)[] } {
  if (typeof op.data !== 'object' || op.data === null) throw new TypeError('an upsert needs its row in data');
  const [columns, values] = writtenRow(op.data as Row, handed);
  return { columns, values };
}

function keyTexts(op: RowOp): (string | null)[] {
  if (!Array.isArray(op.pk)) throw new TypeError('a delete needs the values of its key in pk');
  return op.pk.map((value) => writeValue(value));
}
