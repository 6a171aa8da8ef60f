import type { LogicalType } from '../types.js';
import { withoutDomain } from '../types.js';
import { loadable } from './loadable.js';
import { namesOfSeveralWords, parseTypeName } from './type-names.js';

const identifier = String.raw`(?:[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\0]|"")+")`;
const qualifiedName = new RegExp(String.raw`^${identifier}(?:\.${identifier}){0,2}(?:\[\])?$`);
const typeWithModifiers =
  /^([A-Za-z][A-Za-z0-9_]*(?: [A-Za-z]+)*) ?(?:\(\d+(?:, ?\d+)?\))?((?: [A-Za-z]+)*)(?:\[\])?$/;

/**
 * Whether a text is nothing but a type: it is going to stand in a CREATE TABLE as it is. A type is one word, or several
 * that are known to be a type (`double precision`), with modifiers and `[]`; or the name of an enum, quoted or qualified.
 */
export function isTypeText(text: string): boolean {
  if (qualifiedName.test(text)) return true;
  const match = typeWithModifiers.exec(text);
  if (match === null) return false;
  const words = `${match[1]}${match[2] ?? ''}`.toLowerCase();
  return !words.includes(' ') || namesOfSeveralWords.has(words);
}

const kinds: Readonly<Record<string, LogicalType>> = {
  bool: { kind: 'boolean' },
  int2: { kind: 'integer', bits: 16 },
  int4: { kind: 'integer', bits: 32 },
  int8: { kind: 'integer', bits: 64 },
  decimal: { kind: 'decimal' },
  float4: { kind: 'float', bits: 32 },
  float: { kind: 'float', bits: 64 },
  float8: { kind: 'float', bits: 64 },
  varchar: { kind: 'string' },
  char: { kind: 'string', padded: true },
  text: { kind: 'string' },
  name: { kind: 'string' },
  bytea: { kind: 'bytes' },
  blob: { kind: 'bytes' },
  date: { kind: 'date' },
  time: { kind: 'time', withZone: false },
  timetz: { kind: 'time', withZone: true },
  timestamp: { kind: 'timestamp', withZone: false },
  timestamptz: { kind: 'timestamp', withZone: true },
  interval: { kind: 'interval' },
  uuid: { kind: 'uuid' },
  json: { kind: 'json', document: 'normalized' },
  jsonb: { kind: 'json', document: 'normalized' },
  bit: { kind: 'bit', varying: false },
  varbit: { kind: 'bit', varying: true },
  inet: { kind: 'inet' },
};

/** What a type that the user chose means. A name that is none of CockroachDB's types is taken for an enum's. */
export function chosenType(text: string): LogicalType {
  const { base, dimensions } = parseTypeName(text);
  const known = Object.hasOwn(kinds, base) ? kinds[base] : undefined;
  const type: LogicalType = known ?? named(base);
  return dimensions === 0 ? type : { kind: 'array', element: type };
}

function named(base: string): LogicalType {
  const spatial = /^(geometry|geography|linestring|point|polygon|multi\w+|geometrycollection|box2d)$/.test(
    base,
  );
  if (spatial || /^(tsvector|tsquery|oid|pg_lsn|refcursor)$/.test(base))
    return { kind: 'native', name: base };
  const parts = base.split('.');
  return { kind: 'enum', schema: parts.at(-2) ?? '', name: parts.at(-1) ?? '', labels: [] };
}

/** Custom mappings that MOLT's manual allows ("Type mapping"), either way, beside aliases and casts. */
const allowed: ReadonlySet<string> = new Set(
  [
    ['timestamp', 'timestamp'],
    ['string', 'uuid'],
    ['boolean', 'integer'],
    ['bit', 'string'],
    ['bit', 'boolean'],
    ['json', 'string'],
    ['inet', 'string'],
  ].flatMap(([left = '', right = '']) => [`${left} ${right}`, `${right} ${left}`]),
);

/** Whether a column of the one type may be created with the other. */
export function mayBecome(source: LogicalType, target: LogicalType): boolean {
  if (loadable(source, target)) return true;
  const [left, right] = [withoutDomain(source), withoutDomain(target)];
  if (left.kind === 'array' && right.kind === 'array') return mayBecome(left.element, right.element);
  return allowed.has(`${left.kind} ${right.kind}`);
}
