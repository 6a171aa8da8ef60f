import { describe, expect, test } from 'vitest';
import { splitStatements } from './statement.js';
import { tokenize } from './tokens.js';

const texts = (sql: string): readonly string[] => tokenize(sql).map(({ text }) => text);

describe('tokenize', () => {
  test.each([
    { sql: `a.b::INT[] -- c 'd\n+1`, tokens: ['a', '.', 'b', '::', 'INT', '[', ']', '+', '1'] },
    {
      sql: `'it''s; x' "a""b" /* /* ; */ ' */ e'\\'; ' z`,
      tokens: [`'it''s; x'`, `"a""b"`, `e'\\'; '`, 'z'],
    },
    { sql: '$1 $$ ; $a$ $$ $q$ $$ ; $q$ a$b$c', tokens: ['$1', '$$ ; $a$ $$', '$q$ $$ ; $q$', 'a$b$c'] },
    {
      sql: `'x':::STRING=1.5e-3*.5 x'ff' éa`,
      tokens: [`'x'`, ':::', 'STRING', '=', '1.5e-3', '*', '.5', `x'ff'`, 'éa'],
    },
    { sql: `'\\' , 'open`, tokens: [`'\\'`, ',', `'open`] },
    { sql: '/* open', tokens: [] },
  ])('$sql', ({ sql, tokens }) => {
    expect(texts(sql)).toEqual(tokens);
  });

  test('only unquoted words are words; both ends of a pair are outside of it', () => {
    const tokens = tokenize(`SELECT "Select" ('a', [b])`);
    expect(tokens.map(({ word }) => word).filter((word) => word !== '')).toEqual(['select', 'b']);
    expect(tokens.map(({ depth }) => depth).join('')).toBe('000111210');
  });
});

test('statements end at semicolons outside of everything; empty ones do not count', () => {
  const statements = splitStatements(`;SELECT ';' ; /* ; */ ;\n SELECT $$;$$, ";" --;\n; `);
  expect(statements.map(({ sql }) => sql.trim())).toEqual([`SELECT ';'`, `SELECT $$;$$, ";" --;`]);
});
