import type { RegisteredText } from '../wire/messages.js';
import type { Metadata, Row } from './relation.js';

type RowHandler = (row: Row, metadata: Metadata) => unknown;
type KeyHandler = (keys: (string | null)[], metadata: Metadata) => unknown;

export interface SchemaHandlers {
  readonly onRowUpsert: RowHandler;
  readonly onRowDelete: RowHandler;
}

export interface TableHandlers {
  readonly onRowUpsert?: RowHandler;
  readonly onRowDelete?: KeyHandler;
  readonly onWrite?: (rows: unknown[]) => unknown;
}

const schemas = new Map<string, SchemaHandlers>();
const tables: { readonly names: readonly string[]; readonly handlers: TableHandlers }[] = [];
let open = true;

/** The first time, when the script has run once: from here on nothing more can be registered. */
export function registered(): RegisteredText {
  open = false;
  return {
    schemas: [...schemas.keys()],
    tables: tables.map(({ names, handlers }) => ({
      names,
      shapes: handlers.onRowUpsert !== undefined,
      writes: handlers.onWrite !== undefined,
    })),
  };
}

export function schemaHandlers(index: number): SchemaHandlers {
  return [...schemas.values()][index] as SchemaHandlers;
}

export function tableHandlers(index: number): TableHandlers {
  return (tables[index] as (typeof tables)[number]).handlers;
}

/** `configureTargetSchema` of `replicator@v2`. */
export function configureTargetSchema(targetSchemaName: unknown, handlers: unknown): void {
  const what = 'configureTargetSchema';
  mustBeOpen(what);
  if (typeof targetSchemaName !== 'string' || targetSchemaName === '')
    throw new TypeError(`${what} wants the name of a schema of the target, as in "defaultdb.public"`);
  if (schemas.has(targetSchemaName)) throw new Error(`${what} is called twice for ${targetSchemaName}`);
  const given = functionsOf(what, handlers, ['onRowUpsert', 'onRowDelete']);
  if (given['onRowUpsert'] === undefined || given['onRowDelete'] === undefined)
    throw new TypeError(`${what} wants both onRowUpsert and onRowDelete`);
  schemas.set(targetSchemaName, given as unknown as SchemaHandlers);
}

/** `configureTargetTables` of `replicator@v2`. */
export function configureTargetTables(tableNames: unknown, configuration: unknown): void {
  const what = 'configureTargetTables';
  mustBeOpen(what);
  if (!Array.isArray(tableNames) || !tableNames.every((name) => typeof name === 'string' && name !== ''))
    throw new TypeError(`${what} wants a list of names of the target's tables`);
  const names = tableNames as string[];
  const twice = names.find(
    (name, index) => names.indexOf(name) !== index || tables.some((other) => other.names.includes(name)),
  );
  if (twice !== undefined)
    throw new Error(`${what} names ${twice} twice: give a table all its handlers in one call`);
  const handlers = functionsOf(what, configuration, [
    'onRowUpsert',
    'onRowDelete',
    'onWrite',
  ]) as TableHandlers;
  if ((handlers.onRowUpsert === undefined) !== (handlers.onRowDelete === undefined))
    throw new TypeError(`${what} wants onRowUpsert and onRowDelete together, or neither`);
  tables.push({ names: [...names], handlers });
}

function mustBeOpen(what: string): void {
  if (!open) throw new Error(`${what} must be called while the script is loaded, not from a handler`);
}

function functionsOf(what: string, given: unknown, allowed: readonly string[]): Record<string, unknown> {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`${what} wants an object with handlers`);
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    if (!allowed.includes(name)) throw new TypeError(`${what} knows ${allowed.join(', ')}, not ${name}`);
    if (typeof value !== 'function') throw new TypeError(`${name} of ${what} is no function`);
  }
  return Object.fromEntries(entries);
}
