import type { Column } from '@tsmolt/core';
import { withoutModifiers } from '@tsmolt/pgwire';
import type { ApplyDialect } from '@tsmolt/pgwire';
import { charFromText, heldChar, holderFromText, knowsOctalChar } from './types/one-byte-char.js';
import { from } from './sql.js';
import { declaration } from './types.js';

/** How changes are applied to PostgreSQL of this `server_version_num`. */
export function applyDialect(versionNumber: number): ApplyDialect {
  return knowsOctalChar(versionNumber) ? dialect : { ...dialect, ...withoutOctalChar };
}

const dialect: ApplyDialect = {
  writable: from,
  // A text is assigned to any type of strings, and compared with it by its own rules; but blanks at the end of bpchar do not count.
  fromText: (expression, { type }) => {
    const bare = withoutModifiers(type);
    return bare.kind === 'string' && bare.padded !== true
      ? expression
      : `${expression}::${declaration(bare)}`;
  },
  insertsIdentity: true,
  wholeRowVerb: 'INSERT',
  copiesFreshRows: () => true,
  // The session's own path is empty, for the catalog to print whole names.
  beginning: 'SET LOCAL search_path TO DEFAULT',
  lazyCommit: 'SET LOCAL synchronous_commit = off',
  truncate: (tables) => [`TRUNCATE ${tables.map(from).join(', ')}`],
};

/** A quoted text as a value that holds `"char"`, whose octal form a server of this version would read as a backslash. */
export function checkedCast(literal: string, column: Column, versionNumber: number): string | undefined {
  const inside = !knowsOctalChar(versionNumber) && heldChar(column.type) === 'inside';
  return inside ? withoutOctalChar.fromText(literal, column) : undefined;
}

/** COPY reads the octal form as the type does. */
const withoutOctalChar: Pick<ApplyDialect, 'fromText' | 'copiesFreshRows'> = {
  fromText: (expression, column) => {
    switch (heldChar(column.type)) {
      case undefined:
        return dialect.fromText(expression, column);
      case 'itself':
        return charFromText(expression);
      case 'inside':
        return holderFromText(expression, declaration(withoutModifiers(column.type)));
    }
  },
  copiesFreshRows: ({ columns }) => columns.every(({ type }) => heldChar(type) === undefined),
};
