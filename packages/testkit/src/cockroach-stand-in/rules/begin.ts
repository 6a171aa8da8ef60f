import { startsWith } from '../sql/statement.js';
import type { Rule } from './rule.js';

/** BEGIN in a transaction is an error, where PostgreSQL only warns. */
export const beginOnce: Rule = async (statement, context) => {
  if (!startsWith(statement, 'begin') && !startsWith(statement, 'start', 'transaction')) return undefined;
  if ((await context.transaction()) !== 'open') {
    context.session.asOf = undefined;
    return undefined;
  }
  return { refuse: { sqlstate: '25001', message: 'there is already a transaction in progress' } };
};
