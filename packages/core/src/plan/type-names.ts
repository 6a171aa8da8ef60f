/** A type's name taken apart: `timestamp(3) with time zone[]` is `timestamptz`, `3`, 1. */
export interface TypeName {
  /** One spelling for all names of the type. */
  readonly base: string;
  /** What stands in the parentheses, without white space; empty where there are none. */
  readonly modifiers: string;
  /** How many `[]` follow. */
  readonly dimensions: number;
}

/** The names under which engines know one type: the first is ours. `float` is left alone, it has two widths. */
const synonyms: readonly (readonly string[])[] = [
  ['int2', 'smallint', 'smallserial', 'serial2'],
  ['int4', 'int', 'integer', 'serial', 'serial4'],
  ['int8', 'bigint', 'bigserial', 'serial8', 'int64'],
  ['tinyint', 'int1'],
  ['mediumint', 'int3', 'middleint'],
  ['bool', 'boolean'],
  ['decimal', 'numeric', 'dec', 'number', 'fixed'],
  ['float4', 'real'],
  ['float8', 'double precision', 'double'],
  ['varchar', 'character varying', 'char varying', 'nvarchar', 'varchar2', 'nvarchar2'],
  ['char', 'character', 'bpchar', 'nchar'],
  ['text', 'string'],
  ['bytea', 'bytes'],
  ['varbit', 'bit varying'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
  ['time', 'time without time zone'],
  ['timetz', 'time with time zone'],
  ['geometrycollection', 'geomcollection'],
];

const canonicalNames: ReadonlyMap<string, string> = new Map(
  synonyms.flatMap(([name = '', ...others]) => [name, ...others].map((other) => [other, name])),
);

/** Names of several words that a configuration may use for a type. */
export const namesOfSeveralWords: ReadonlySet<string> = new Set(
  [...canonicalNames.keys()].filter((name) => name.includes(' ')),
);

/** Takes the name of a type apart, as an engine prints it or as a person writes it. */
export function parseTypeName(text: string): TypeName {
  const dimensions = /(\s*\[\s*\])*$/.exec(text)?.[0].split('[').length ?? 1;
  const name = text.replace(/(\s*\[\s*\])+$/, '');
  const modifiers = /\((.*)\)/s.exec(name)?.[1] ?? '';
  const words = name
    .replace(/\(.*\)/s, ' ')
    .trim()
    .split(/\s+/)
    .join(' ')
    .toLowerCase();
  return {
    base: canonicalNames.get(words) ?? words,
    modifiers: modifiers.replaceAll(/\s/g, ''),
    dimensions: dimensions - 1,
  };
}
