import { keys, parse, stringify } from './host.js';

/*
 * JSON columns, as scripts see them: objects and lists in which numbers are strings, so that none loses digits. What was
 * a number in the document is remembered beside it, and is written as a number again.
 */

const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const numberText = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Each object and list that came from a document, with the same one as plain JSON reads it. */
const originals = new WeakMap<object, object>();

/** The document; the text itself where it is no object and no list. */
export function readJson(text: string): unknown {
  const original: unknown = tryParse(text);
  if (typeof original !== 'object' || original === null) return text;
  const view: unknown = parse(
    text.replaceAll(tokens, (token) => (token.startsWith('"') ? token : `"${token}"`)),
  );
  remember(view, original);
  return view;
}

/** @param original the document that stood in the same place, to know the numbers of copies by */
export function writeJson(value: unknown, original?: unknown): string {
  if (typeof value === 'string')
    return typeof original === 'number' && numberText.test(value) ? value : stringify(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return finite(value);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} is no JSON`);
  if (value instanceof Date) return stringify(value);
  return writeContainer(value, originals.get(value) ?? original);
}

/** @throws TypeError for NaN and the infinities */
export function finite(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${String(value)} is no number that can be written`);
  return String(value);
}

function writeContainer(value: object, original: unknown): string {
  if (Array.isArray(value)) {
    const items = Array.isArray(original) ? (original as unknown[]) : [];
    // What a script appends to a list is of the kind that the list ends with.
    const parts = value.map((item, index) =>
      writeJson(item, index < items.length ? items[index] : items.at(-1)),
    );
    return `[${parts.join(',')}]`;
  }
  const members = value as Record<string, unknown>;
  const known = (original ?? {}) as Record<string, unknown>;
  const present = keys(members).filter((name) => members[name] !== undefined);
  return `{${present.map((name) => `${stringify(name)}:${writeJson(members[name], known[name])}`).join(',')}}`;
}

function remember(view: unknown, original: unknown): void {
  if (typeof view !== 'object' || view === null || typeof original !== 'object' || original === null) return;
  originals.set(view, original);
  for (const name of keys(view))
    remember((view as Record<string, unknown>)[name], (original as Record<string, unknown>)[name]);
}

function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
