import { parseMoment } from '../hlc.js';
import type { Moment } from '../hlc.js';
import { closingIndex, findWords, stringValue, textAt, wordAt } from './statement.js';
import type { Statement } from './statement.js';

/** One `AS OF SYSTEM TIME ...` in a statement. */
export interface AsOfClause {
  /** The first token, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  /** `undefined`: what follows is no constant. */
  readonly moment: Moment | undefined;
  /** `with_max_staleness`, `with_min_timestamp`: CockroachDB picks the moment, outside transactions only. */
  readonly bounded: boolean;
}

interface Expression {
  readonly to: number;
  readonly moment: Moment | undefined;
  readonly bounded?: boolean;
}

const asOfWords = ['as', 'of', 'system', 'time'];
/** How far behind now CockroachDB places a follower read with default settings. */
const followerRead: Moment = { kind: 'relative', nanos: -4_200_000_000n };

export function asOfClauses(statement: Statement): readonly AsOfClause[] {
  const clauses: AsOfClause[] = [];
  for (let from = findWords(statement, asOfWords); from >= 0;) {
    const expression = readExpression(statement, from + asOfWords.length);
    const depth = statement.tokens[from]?.depth ?? 0;
    clauses.push({
      from,
      depth,
      to: expression.to,
      moment: expression.moment,
      bounded: expression.bounded ?? false,
    });
    from = findWords(statement, asOfWords, from + 1);
  }
  return clauses;
}

function readExpression(statement: Statement, at: number): Expression {
  if (textAt(statement, at) === '-') return negated(readExpression(statement, at + 1));
  if (wordAt(statement, at) === 'interval') return readExpression(statement, at + 1);
  const token = statement.tokens[at];
  if (token?.kind === 'number') return { to: at + 1, moment: parseMoment(token.text) };
  if (token?.kind === 'string')
    return { to: afterCasts(statement, at + 1), moment: parseMoment(stringValue(token) ?? '') };
  return textAt(statement, at + 1) === '(' ? readCall(statement, at) : { to: at + 1, moment: undefined };
}

function readCall(statement: Statement, at: number): Expression {
  const to = closingIndex(statement, at + 1) + 1;
  switch (wordAt(statement, at)) {
    case 'follower_read_timestamp':
      return { to, moment: followerRead };
    case 'with_max_staleness':
      return { to, moment: followerRead, bounded: true };
    case 'with_min_timestamp':
      return { to, moment: { kind: 'relative', nanos: 0n }, bounded: true };
    default:
      return { to, moment: undefined };
  }
}

function negated(expression: Expression): Expression {
  const { moment } = expression;
  if (moment?.kind !== 'relative') return { to: expression.to, moment: undefined };
  return { to: expression.to, moment: { kind: 'relative', nanos: -moment.nanos } };
}

function afterCasts(statement: Statement, at: number): number {
  return textAt(statement, at) === '::' || textAt(statement, at) === ':::' ? at + 2 : at;
}
