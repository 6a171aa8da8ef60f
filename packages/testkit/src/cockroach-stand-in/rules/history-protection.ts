import { parseMoment } from '../hlc.js';
import { textOfLiteral } from '../sql/literals.js';
import { applyEdits, closingIndex, textAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import { beyondTheStandIn } from './rule.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

const protect = 'protect_mvcc_history';
const extend = 'extend_mvcc_history_protection';

/** `crdb_internal.protect_mvcc_history(timestamp, window, description)` and `extend_mvcc_history_protection(job)`, v24.1 and later. */
export const historyProtection: Rule = (statement, context) => {
  const at = statement.tokens.findIndex(
    ({ word }, index) => (word === protect || word === extend) && textAt(statement, index + 1) === '(',
  );
  if (at < 0) return undefined;
  const name = statement.tokens[at]?.word ?? '';
  if (!context.historyProtection)
    return { refuse: { sqlstate: '42883', message: `unknown function: crdb_internal.${name}()` } };
  return { perform: () => Promise.resolve(perform(statement, at, context)) };
};

function perform(statement: Statement, at: number, context: RuleContext): Verdict {
  const values = constants(statement, at);
  if (statement.tokens[at]?.word === extend) {
    if (context.protection.extend(BigInt(values[0] ?? '0'))) return replaced(statement, at, 'NULL::text');
    return { refuse: { sqlstate: 'XXUUU', message: `job with ID ${values[0]} does not exist` } };
  }
  const [time, window] = [parseMoment(values[0] ?? ''), parseMoment(values[1] ?? '')];
  if (time?.kind !== 'fixed' || window?.kind !== 'relative')
    return beyondTheStandIn(`${protect} needs a decimal timestamp and an interval as constants`);
  const about = { what: values[2] ?? '', user: context.user };
  const job = context.protection.protect(time.nanos, Number(window.nanos / 1_000_000n), about);
  return replaced(statement, at, `${job.id}::int8`);
}

/** The constants among the arguments; casts are passed over. */
function constants(statement: Statement, at: number): string[] {
  return statement.tokens
    .slice(at + 2, closingIndex(statement, at + 1))
    .filter(({ kind }) => kind === 'number' || kind === 'string')
    .map((token) => textOfLiteral(token) ?? token.text);
}

/** The call with its schema's name becomes a value. */
function replaced(statement: Statement, at: number, value: string): Verdict {
  const qualified = textAt(statement, at - 1) === '.';
  const start = statement.tokens[qualified ? at - 2 : at]?.start ?? 0;
  const end = statement.tokens[closingIndex(statement, at + 1)]?.end ?? statement.sql.length;
  return { sql: applyEdits(statement.sql, [{ start, end, text: value }]) };
}
