import type { MysqlSessionPool } from '../connect/session-pool.js';
import { grantsEverywhere } from '../snapshot/grants.js';
import type { Program, Programs } from './neighbours.js';

const systemDatabases = ['mysql', 'sys', 'information_schema', 'performance_schema'];

/** One answer to everything, so that the columns have one name on all servers. */
const programsQuery = `
  SELECT 'trigger' AS kind, trigger_schema AS \`schema\`, trigger_name AS name, action_statement AS body
  FROM information_schema.triggers WHERE trigger_schema NOT IN (?)
  UNION ALL
  SELECT 'routine', routine_schema, routine_name, routine_definition
  FROM information_schema.routines WHERE routine_schema NOT IN (?)
  UNION ALL
  SELECT 'view', table_schema, table_name, view_definition
  FROM information_schema.views WHERE table_schema NOT IN (?) AND is_updatable = 'YES'`;

/**
 * Triggers, routines and views that can be written to, of all databases.
 *
 * Source: MySQL's manual, "The INFORMATION_SCHEMA TRIGGERS Table" and "... ROUTINES Table": one sees triggers of tables on which
 * one has TRIGGER, and the bodies of routines with a global SELECT.
 *
 * @param database whose triggers and views do not matter: what writes to its tables is told of anyway
 */
export function readPrograms(pool: MysqlSessionPool, database: string): Promise<Programs> {
  return pool.use('reading triggers and routines', async (session) => {
    const others = [...systemDatabases, database];
    const found = await session.query<Program>(programsQuery, [others, systemDatabases, others]);
    return { found, complete: await grantsEverywhere(session, ['SELECT', 'TRIGGER']) };
  });
}
