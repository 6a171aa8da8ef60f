import { asOfClauses } from '../sql/as-of-clause.js';
import type { AsOfClause } from '../sql/as-of-clause.js';
import { applyEdits, quoteLiteral, startsWith, textAt, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import type { ReadTime } from '../time-travel.js';
import type { ServerError } from '../wire/messages.js';
import { beyondTheStandIn, inFailedTransaction } from './rule.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

const readOnly = 'ISOLATION LEVEL REPEATABLE READ READ ONLY';
const readers: ReadonlySet<string> = new Set(['select', 'with', 'copy', 'explain', 'table', 'values', '']);

/** AS OF SYSTEM TIME: of a statement, and of a transaction. See TimeTravel for what PostgreSQL can do about it. */
export const asOfSystemTime: Rule = async (statement, context) => {
  const clauses = asOfClauses(statement);
  const [clause] = clauses;
  if (clause === undefined) return undefined;
  const transaction = await context.transaction();
  if (transaction === 'failed') return inFailedTransaction;
  if (startsWith(statement, 'begin') || startsWith(statement, 'start')) return begin(clause, context);
  if (startsWith(statement, 'set'))
    return transaction === 'open' ? setTransaction(clause, context) : noTransaction();
  return refusedPlace(statement, clauses) ?? read(statement, clauses, transaction === 'open', context);
};

async function begin(clause: AsOfClause, context: RuleContext): Promise<Verdict> {
  const time = await readTime(clause, context);
  if ('refused' in time) return { refuse: time.refused };
  context.session.asOf = time.hlc;
  return { sql: `BEGIN ${readOnly}`, after: [settings(time)] };
}

/** Must come before any query of the transaction; PostgreSQL watches over that as CockroachDB does. */
async function setTransaction(clause: AsOfClause, context: RuleContext): Promise<Verdict> {
  const time = await readTime(clause, context);
  if ('refused' in time) return { refuse: time.refused };
  context.session.asOf = time.hlc;
  return { sql: `SET TRANSACTION ${readOnly}`, after: [settings(time)] };
}

async function read(
  statement: Statement,
  clauses: readonly AsOfClause[],
  inTransaction: boolean,
  context: RuleContext,
): Promise<Verdict> {
  const first = clauses[0];
  if (first === undefined) return { sql: statement.sql };
  if (inTransaction && first.bounded) {
    return {
      refuse: { sqlstate: '0A000', message: 'cannot use a bounded staleness query in a transaction' },
    };
  }
  const sql = applyEdits(
    statement.sql,
    clauses.map((clause) => removal(statement, clause)),
  );
  const time = await readTime(first, context);
  if ('refused' in time) return { refuse: time.refused };
  if (inTransaction)
    return time.hlc === context.session.asOf ? { sql } : { refuse: inconsistent(time, context) };
  if (context.batchSize > 1)
    return beyondTheStandIn('AS OF SYSTEM TIME among other statements in a query string');
  return { sql, before: [`BEGIN ${readOnly}; ${settings(time)}`], finally: ['COMMIT'] };
}

function settings(time: ReadTime): string {
  const snapshot =
    time.snapshot === undefined ? '' : `SET TRANSACTION SNAPSHOT ${quoteLiteral(time.snapshot)}; `;
  return `${snapshot}SET LOCAL crdb.as_of TO ${quoteLiteral(time.hlc)}`;
}

async function readTime(
  clause: AsOfClause,
  context: RuleContext,
): Promise<ReadTime | { readonly refused: ServerError }> {
  if (clause.moment === undefined) return { refused: notConstant };
  // Not a plain query: that would be the first of the transaction, after which no snapshot can be set.
  const now = BigInt(Date.now()) * 1_000_000n + 999_999n;
  return context.timeTravel.readTime(context.session.database, clause.moment, now);
}

/** The clause belongs to the outermost SELECT: not to a write, a subquery, or an arm of a UNION. */
function refusedPlace(statement: Statement, clauses: readonly AsOfClause[]): Verdict | undefined {
  const outermost = startsWith(statement, 'copy') || textAt(statement, 0) === '(' ? 1 : 0;
  const setOperation = statement.tokens.some(
    (token) => token.depth === outermost && ['union', 'intersect', 'except'].includes(token.word),
  );
  const writes = statement.tokens.some(
    (token) => ['insert', 'update', 'delete', 'upsert'].includes(token.word) && token.depth === 0,
  );
  const atTop = clauses.some((clause) => clause.depth === outermost);
  if (!atTop || setOperation || writes || !readers.has(wordAt(statement, 0))) return { refuse: notAtTop };
  const times = new Set(
    clauses.map(({ moment }) => (moment === undefined ? '' : `${moment.kind} ${moment.nanos}`)),
  );
  return times.size > 1 ? { refuse: differentTimes } : undefined;
}

function noTransaction(): Verdict {
  return { refuse: { sqlstate: '25P01', message: 'there is no transaction in progress' } };
}

function removal(statement: Statement, clause: AsOfClause): { start: number; end: number; text: string } {
  const start = statement.tokens[clause.from]?.start ?? 0;
  return { start, end: statement.tokens[clause.to - 1]?.end ?? start, text: '' };
}

function inconsistent(time: ReadTime, context: RuleContext): ServerError {
  const expected = context.session.asOf ?? 'the timestamp of the transaction';
  return {
    sqlstate: '0A000',
    message: `inconsistent AS OF SYSTEM TIME timestamp; expected: ${expected}, got: ${time.hlc}`,
    hint: 'try SET TRANSACTION AS OF SYSTEM TIME',
  };
}

const notConstant: ServerError = {
  sqlstate: 'XXUUU',
  message:
    'AS OF SYSTEM TIME: only constant expressions, with_min_timestamp, with_max_staleness, or follower_read_timestamp are allowed',
};

const notAtTop: ServerError = {
  sqlstate: '42601',
  message: 'AS OF SYSTEM TIME must be provided on a top-level statement',
};

const differentTimes: ServerError = {
  sqlstate: '0A000',
  message: 'unimplemented: cannot specify AS OF SYSTEM TIME with different timestamps',
};
