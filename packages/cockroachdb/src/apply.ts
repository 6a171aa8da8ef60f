import type { Column, LogicalType } from '@tsmolt/core';
import { quoteIdentifier, quoteTable, withoutModifiers } from '@tsmolt/pgwire';
import type { ApplyDialect } from '@tsmolt/pgwire';
import { declaration } from './types.js';

/**
 * How changes are applied to CockroachDB. Source: CockroachDB manual, "UPSERT", "TRUNCATE", "Known limitations": TRUNCATE is a
 * schema change, which would commit the transaction that it stands in, and explicit values for GENERATED ALWAYS AS IDENTITY
 * are not taken.
 */
export const applyDialect: ApplyDialect = {
  writable: (table) => quoteTable(table.name),
  fromText,
  insertsIdentity: false,
  wholeRowVerb: 'UPSERT',
  // Not worth another form of statement: UPSERT of whole rows does not look for them either.
  copiesFreshRows: () => false,
  truncate: (tables) => tables.map(({ name }) => `DELETE FROM ${quoteTable(name)}`),
};

function fromText(expression: string, { type, collation }: Column): string {
  const bare = withoutModifiers(type);
  if (bare.kind === 'string' && collation !== undefined)
    return `(${expression} COLLATE ${quoteIdentifier(collation)})`;
  if (isOneCharacter(bare)) return oneCharacter(expression);
  const name = castName(bare);
  if (name === undefined) return expression;
  // Elements of a type that somebody created are only taken from an array of texts.
  const through = bare.kind === 'array' && bare.element.kind === 'enum' ? '::STRING[]' : '';
  return `${expression}${through}::${name}`;
}

/** A quoted text as a value of a column, where a plain cast would cut it; else undefined. */
export function checkedCast(literal: string, { type }: Column): string | undefined {
  return isOneCharacter(withoutModifiers(type)) ? oneCharacter(literal) : undefined;
}

function isOneCharacter(bare: LogicalType): boolean {
  return bare.kind === 'native' && bare.name === '"char"';
}

/** A cast to "char" cuts a longer text without a word, the octal number of a byte too: another cast refuses that. */
function oneCharacter(text: string): string {
  return `CASE WHEN char_length(${text}) > 1 THEN ${text}::INT8::STRING ELSE ${text} END::"char"`;
}

/** The type as this server's catalog names it, or as it is declared; none for strings, which texts are already. */
function castName(bare: LogicalType): string | undefined {
  if (bare.kind === 'native') return bare.name;
  // Plain CHAR has one character.
  if (bare.kind === 'string') return bare.padded === true ? 'BPCHAR' : undefined;
  return declaration(bare);
}
