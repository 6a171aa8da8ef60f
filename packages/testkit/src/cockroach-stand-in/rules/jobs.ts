import type { Job } from '../jobs/job.js';
import { selectJobs } from '../jobs/job-rows.js';
import { textOfLiteral } from '../sql/literals.js';
import { applyEdits, closingIndex, startsWith, textAt, wordAt, wordsAt } from '../sql/statement.js';
import type { Edit, Statement } from '../sql/statement.js';
import { isAtLeast } from './import-into.js';
import { beyondTheStandIn } from './rule.js';
import type { Rule, RuleContext, Verdict } from './rule.js';
import { editsFor } from './show-tables.js';

type Change = 'pause' | 'resume' | 'cancel';

/** SHOW JOB(S), anywhere where CockroachDB takes it as a source, and PAUSE, RESUME and CANCEL JOB(S). */
export const jobs: Rule = (statement, context) => {
  const word = wordAt(statement, 0);
  const change = word === 'pause' || word === 'resume' || word === 'cancel' ? word : undefined;
  if (change !== undefined && isJobWord(statement, 1)) return changeJobs(statement, change, context);
  const shown = statement.tokens.findIndex(
    (token, index) =>
      token.word === 'show' && isJobWord(statement, index + 1) && beginsSource(statement, index),
  );
  return shown < 0 ? undefined : { perform: () => show(statement, shown, context) };
};

function isJobWord(statement: Statement, index: number): boolean {
  return wordAt(statement, index) === 'job' || wordAt(statement, index) === 'jobs';
}

function beginsSource(statement: Statement, index: number): boolean {
  const before = textAt(statement, index - 1);
  return index === 0 || before === '[' || (before === '(' && wordAt(statement, index - 2) === 'as');
}

async function show(statement: Statement, at: number, context: RuleContext): Promise<Verdict> {
  const complete = wordsAt(statement, at + 2, ['when', 'complete']);
  const argument = complete ? at + 4 : at + 2;
  const end = sourceEnd(statement, at);
  const all = argument >= end;
  const found = all ? context.jobs.listed() : await jobsNamed(statement, argument, end, context);
  if ('refuse' in found) return found;
  if (complete) await Promise.all(found.map((job) => job.ended));
  const form = all ? 'list' : 'single';
  const query = selectJobs(found, form, { started: !isAtLeast(context.version, 25, 3) });
  return { sql: applyEdits(statement.sql, sourceEdits(statement, at, end, query)) };
}

/** The index after the last token of a SHOW that starts at `at`. */
function sourceEnd(statement: Statement, at: number): number {
  const depth = statement.tokens[at]?.depth ?? 0;
  const found = statement.tokens.findIndex((token, index) => index > at && token.depth < depth);
  return found < 0 ? statement.tokens.length : found;
}

function sourceEdits(statement: Statement, at: number, end: number, query: string): readonly Edit[] {
  return editsFor(statement, at, end, query);
}

/** Jobs by a number, by a string, or by a query that gives their ids. */
async function jobsNamed(
  statement: Statement,
  from: number,
  end: number,
  context: RuleContext,
): Promise<readonly Job[] | ReturnType<typeof beyondTheStandIn>> {
  const token = statement.tokens[from];
  const id = token?.kind === 'number' ? token.text : textOfLiteral(token);
  if (id !== undefined) return [context.jobs.get(BigInt(id))].filter((job) => job !== undefined);
  if (token?.kind === 'parameter') return beyondTheStandIn('placeholders for jobs');
  const first = textAt(statement, from) === '(' ? from + 1 : from;
  const last = first > from ? closingIndex(statement, from) : end;
  const sql = statement.sql.slice(statement.tokens[first]?.start, statement.tokens[last - 1]?.end);
  const rows = await context.askRewritten(sql);
  if (rows === undefined) return beyondTheStandIn(`cannot read the ids of jobs from ${sql}`);
  return rows
    .map((row) => context.jobs.get(BigInt(row[0] ?? '0')))
    .filter((job): job is Job => job !== undefined);
}

function changeJobs(statement: Statement, change: Change, context: RuleContext): Verdict {
  if (context.protocol === 'extended') return beyondTheStandIn('job control is taken in simple queries only');
  return {
    perform: async () => {
      const found = await jobsNamed(statement, 2, statement.tokens.length, context);
      if ('refuse' in found) return found;
      if (found.length === 0 && startsWith(statement, change, 'job')) return missingJob(textAt(statement, 2));
      for (const job of found) {
        if (!job[change]()) return wrongStatus(job, change);
      }
      return { sql: 'DO $$ BEGIN END $$' };
    },
  };
}

function missingJob(id: string): Verdict {
  return { refuse: { sqlstate: '42704', message: `job with ID ${id} does not exist` } };
}

const participles = { pause: 'paused', resume: 'resumed', cancel: 'canceled' } as const;

function wrongStatus(job: Job, change: Change): Verdict {
  const message = `job with status ${job.status} cannot be requested to be ${participles[change]}`;
  return { refuse: { sqlstate: 'XXUUU', message } };
}
