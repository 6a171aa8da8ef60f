import type { QueryResultRow } from 'pg';
import type { StagedMutation, TableName } from '@tsmolt/core';
import { quoteColumns } from '../sql.js';
import { mostOfOneCall } from './layout.js';

type Texts = Readonly<Record<string, string | null>>;
type UnstagedMutation = Omit<StagedMutation, 'sequence'>;

/** How each column of a staging table is made from a text. */
const inserted: readonly (readonly [string, (text: string) => string])[] = [
  ['sequence', (text) => `${text}::INT8`],
  ['nanos', (text) => `${text}::INT8`],
  ['logical', (text) => `${text}::INT8`],
  ['key', (text) => text],
  ['mut', (text) => `convert_to(${text}, 'UTF8')`],
  ['before', (text) => `convert_to(${text}, 'UTF8')`],
  ['deletion', (text) => `${text}::BOOL`],
  ['kind', (text) => text],
  ['table_schema', (text) => text],
  ['table_name', (text) => text],
  ['old_key', (text) => `convert_to(${text}, 'UTF8')`],
  ['position', (text) => text],
  ['committed_at', (text) => `${text}::FLOAT8`],
  ['attempts', (text) => `${text}::INT8`],
  ['reason', (text) => text],
];

export const insertedColumns = inserted.length;

/** Arrays of texts, one for each column. What a first attempt whose answer was lost has inserted is there already. */
export function insertText(table: string): string {
  const arrays = inserted.map((_column, index) => `unnest($${index + 1}::TEXT[]) AS c${index + 1}`);
  const values = inserted.map(([, from], index) => from(`c${index + 1}`));
  return (
    `INSERT INTO ${table} (${quoteColumns(inserted.map(([name]) => name))}) ` +
    `SELECT ${values.join(', ')} FROM (SELECT ${arrays.join(', ')}) AS r ON CONFLICT (sequence) DO NOTHING`
  );
}

/** The texts of one row, in the order of the columns of `insertText`. */
export function stagedTexts(mutation: UnstagedMutation, sequence: bigint): (string | null)[] {
  return [
    sequence.toString(),
    nanosOf(mutation.committedAt).toString(),
    sequence.toString(),
    mutation.key,
    JSON.stringify(mutation.after),
    jsonOrNull(mutation.before),
    mutation.kind === 'delete' ? 't' : 'f',
    mutation.kind,
    mutation.table.schema,
    mutation.table.table,
    jsonOrNull(mutation.oldKey),
    mutation.position,
    String(mutation.committedAt),
    String(mutation.attempts),
    mutation.reason,
  ];
}

/** Milliseconds since 1970 as nanoseconds. */
export function nanosOf(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n;
}

function jsonOrNull(texts: Texts | undefined): string | null {
  return texts === undefined ? null : JSON.stringify(texts);
}

/** The sequences of the changes of one call: those of later calls are higher, whichever process makes them. */
export function firstSequence(call: string): bigint {
  return BigInt(call) * BigInt(mostOfOneCall);
}

/** Those that wait in one table, `$1` at most, after `$2`. */
export function waitingText(table: string): string {
  const texts = ['mut', 'before', 'old_key'].map((name) => `convert_from(${name}, 'UTF8') AS ${name}`);
  return (
    `(SELECT sequence, key, ${texts.join(', ')}, kind, table_schema, table_name, "position", committed_at, attempts, reason ` +
    `FROM ${table} WHERE NOT applied AND sequence > $2::INT8 ORDER BY sequence LIMIT $1::INT8)`
  );
}

/** INT8 comes as text. */
export interface StagedRow extends QueryResultRow {
  readonly sequence: string;
  readonly key: string;
  readonly mut: string;
  readonly before: string | null;
  readonly old_key: string | null;
  readonly kind: StagedMutation['kind'];
  readonly table_schema: string;
  readonly table_name: string;
  readonly position: string;
  readonly committed_at: number;
  readonly attempts: string;
  readonly reason: string;
}

export function stagedMutation(row: StagedRow): StagedMutation {
  return {
    sequence: row.sequence,
    table: { schema: row.table_schema, table: row.table_name },
    key: row.key,
    kind: row.kind,
    after: JSON.parse(row.mut) as Texts,
    ...(row.before === null ? {} : { before: JSON.parse(row.before) as Texts }),
    ...(row.old_key === null ? {} : { oldKey: JSON.parse(row.old_key) as Texts }),
    position: row.position,
    committedAt: row.committed_at,
    attempts: Number(row.attempts),
    reason: row.reason,
  };
}

/** Mutations by the staging table of their table. */
export function byStagingTable<M extends { readonly table: TableName }>(
  mutations: readonly M[],
  nameOf: (table: TableName) => string,
): Map<string, M[]> {
  const groups = new Map<string, M[]>();
  for (const mutation of mutations) {
    const name = nameOf(mutation.table);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [mutation]);
    else group.push(mutation);
  }
  return groups;
}
