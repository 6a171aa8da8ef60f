import { applyEdits, nameValue, quoteName, textAt, wordAt } from '../sql/statement.js';
import type { Edit, Statement } from '../sql/statement.js';
import { typePositions } from '../sql/type-positions.js';
import type { TypePosition } from '../sql/type-positions.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

/** CockroachDB's names of types that PostgreSQL calls otherwise, or means otherwise by. */
const typeNames: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['bytes', 'bytea'],
  ['blob', 'bytea'],
  ['int64', 'int8'],
  ['float', 'float8'],
  ['json', 'jsonb'],
]);

const serialTypes: ReadonlySet<string> = new Set([
  'serial',
  'bigserial',
  'smallserial',
  'serial2',
  'serial4',
  'serial8',
]);

const missingTypes: ReadonlySet<string> = new Set(
  [
    'money xml cidr macaddr macaddr8 txid_snapshot',
    'point line lseg box path polygon circle',
    'int4range int8range numrange tsrange tstzrange daterange',
    'int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange',
  ].flatMap((names) => names.split(' ')),
);

/** Types by CockroachDB's names, above all INT, which has 64 bits; and the refusal of types that it lacks. */
export const types: Rule = (statement, context) => {
  const positions = typePositions(statement);
  const missing = positions.find(({ index }) => missingTypes.has(wordAt(statement, index)));
  if (missing !== undefined) return missingType(wordAt(statement, missing.index));
  const edits = [
    ...annotations(statement),
    ...hexLiterals(statement),
    ...collations(statement),
    ...positions.flatMap((position) => renamed(statement, position, context)),
  ];
  return edits.length === 0 ? undefined : { sql: applyEdits(statement.sql, edits) };
};

function missingType(name: string): Verdict {
  return {
    refuse: { sqlstate: '0A000', message: `at or near "${name}": syntax error: unimplemented: this syntax` },
  };
}

function renamed(statement: Statement, position: TypePosition, context: RuleContext): readonly Edit[] {
  const token = statement.tokens[position.index];
  if (token === undefined || textAt(statement, position.index + 1) === '.') return [];
  const name = typeName(statement, position, context);
  return name === undefined ? [] : [{ start: token.start, end: token.end, text: name }];
}

function typeName(statement: Statement, position: TypePosition, context: RuleContext): string | undefined {
  const word = wordAt(statement, position.index);
  if (word === 'int' || word === 'integer') {
    return context.session.variables.get('default_int_size') === '4' ? 'int4' : 'int8';
  }
  if (word === 'string' && textAt(statement, position.index + 1) === '(') return 'varchar';
  if (word === 'float' && textAt(statement, position.index + 1) === '(') return undefined;
  if (position.inColumn && serialTypes.has(word)) return 'int8 NOT NULL DEFAULT crdb_internal.unique_rowid()';
  return typeNames.get(word);
}

/** `'x':::STRING` annotates without converting. The nearest thing is a cast. */
function annotations(statement: Statement): readonly Edit[] {
  return statement.tokens
    .filter(({ text }) => text === ':::')
    .map(({ start, end }) => ({ start, end, text: '::' }));
}

/** `x'6869'` is BYTES in CockroachDB and a bit string in PostgreSQL. */
function hexLiterals(statement: Statement): readonly Edit[] {
  return statement.tokens
    .filter(({ kind, text }) => kind === 'string' && /^x/i.test(text))
    .map(({ start, end, text }) => ({ start, end, text: `'\\x${text.slice(2)}::bytea` }));
}

/** Collations are named as in BCP 47 (`en`, `de-AT`); PostgreSQL has them from ICU, as `en-x-icu`. */
function collations(statement: Statement): readonly Edit[] {
  return statement.tokens.flatMap((token, index) => {
    const named = statement.tokens[index + 1];
    if (token.word !== 'collate' || named === undefined || textAt(statement, index + 2) === '.') return [];
    const name = nameValue(named);
    if (!/^[a-z]{2,3}([-_][a-z0-9]+)*$/i.test(name)) return [];
    return [{ start: named.start, end: named.end, text: quoteName(`${name.replaceAll('_', '-')}-x-icu`) }];
  });
}
