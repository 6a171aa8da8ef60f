import type { ColumnView } from '../rows.js';
import { isFromLiteral, readArray, writeArray } from './array-column.js';
import { defineProperty, getOwnPropertyDescriptor, parse } from './host.js';
import { finite, readJson, writeJson } from './json-column.js';

let booleanTexts: readonly [string, string] = ['true', 'false'];

/** How the target writes true and false. */
export function writeBooleansAs(texts: readonly [string, string]): void {
  booleanTexts = texts;
}

/** True and false in the spellings of the engines; anything else stays text. */
export function readBoolean(text: string | null): boolean | string | null {
  if (text === 't' || text === 'true' || text === '1') return true;
  return text === 'f' || text === 'false' || text === '0' ? false : text;
}

/** The texts behind columns that are read only when a script looks at them. */
const unread = new WeakMap<() => unknown, string>();
/** Most scripts never meet such a column, and looking for one costs more than all the rest. */
let anyUnread = false;

/** Gives a row a column that is read when it is looked at: most scripts never look. */
export function defineUnread(row: object, name: string, text: string, view: 'json' | 'array'): void {
  const put = (value: unknown): void => {
    defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
  };
  const get = (): unknown => {
    const value = view === 'json' ? readJson(text) : readArray(text);
    put(value);
    return value;
  };
  anyUnread = true;
  unread.set(get, text);
  defineProperty(row, name, { get, set: put, enumerable: true, configurable: true });
}

/** The text of a column that no script has looked at. */
export function unreadText(row: object, name: string): string | undefined {
  const descriptor = anyUnread ? getOwnPropertyDescriptor(row, name) : undefined;
  const get: unknown = descriptor && Reflect.get(descriptor, 'get');
  return typeof get === 'function' ? unread.get(get as () => unknown) : undefined;
}

/** What is known of the column that a value came from, or stands in the place of. */
export interface Origin {
  readonly view: ColumnView;
  readonly text: string | null;
}

/**
 * The text of a value that a script set, null for NULL.
 *
 * @throws TypeError for what no column can hold
 */
export function writeValue(value: unknown, origin?: Origin): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      if (origin?.view === 'boolean' && readBoolean(origin.text) === value) return origin.text;
      return booleanTexts[value ? 0 : 1];
    case 'number':
      return finite(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : writeObject(value, origin);
    default:
      throw new TypeError(`a ${typeof value} cannot be written`);
  }
}

function writeObject(value: object, origin: Origin | undefined): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof (value as { then?: unknown }).then === 'function')
    throw new TypeError('a promise cannot be written');
  if (Array.isArray(value) && (origin?.view === 'array' || isFromLiteral(value)))
    return writeList(value, origin?.text ?? null);
  return writeDocument(value, origin?.view === 'json' ? origin.text : null);
}

/** @param text what stood there before: it stays where the script did not change its meaning */
function writeList(list: readonly unknown[], text: string | null): string {
  const written = writeArray(list, (item) => writeValue(item));
  const original = text === null ? undefined : readArray(text);
  return text !== null &&
    Array.isArray(original) &&
    writeArray(original, (item) => writeValue(item)) === written
    ? text
    : written;
}

/** A document that was only looked at keeps its white space and the way its numbers are written. */
function writeDocument(value: object, text: string | null): string {
  if (text === null) return writeJson(value);
  const written = writeJson(value, asPlain(text));
  return written === writeJson(readJson(text)) ? text : written;
}

function asPlain(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
