import { quoteLiteral } from '../sql/statement.js';
import type { Job } from './job.js';

/** How CockroachDB of some version shows its jobs. */
export interface JobColumns {
  /** Versions before v25.3 have a column `started`. */
  readonly started: boolean;
}

/** Lists show this much of a description. */
const listedDescription = 100;

type Form = 'list' | 'single';

/** A query that gives the jobs as rows, in the columns of `SHOW JOBS`, or of `SHOW JOB <id>` (which has more of them). */
export function selectJobs(jobs: readonly Job[], form: Form, columns: JobColumns): string {
  const names = columnsOf(form, columns).map(([name]) => name);
  if (jobs.length === 0) {
    const empty = columnsOf(form, columns).map(([name, type]) => `NULL::${type} AS ${name}`);
    return `SELECT ${empty.join(', ')} WHERE false`;
  }
  const rows = jobs.map((job) => {
    const values = valuesOf(job, form);
    const literals = columnsOf(form, columns).map(([name, type]) => literal(values[name] ?? null, type));
    return `(${literals.join(', ')})`;
  });
  return `SELECT * FROM (VALUES ${rows.join(', ')}) AS jobs (${names.join(', ')})`;
}

function columnsOf(form: Form, { started }: JobColumns): readonly (readonly [string, string])[] {
  return [
    ['job_id', 'int8'],
    ['job_type', 'text'],
    ['description', 'text'],
    ...(form === 'single' ? ([['statement', 'text']] as const) : []),
    ['user_name', 'text'],
    ['status', 'text'],
    ['running_status', 'text'],
    ['created', 'timestamptz'],
    ...(started ? ([['started', 'timestamptz']] as const) : []),
    ['finished', 'timestamptz'],
    ['modified', 'timestamptz'],
    ['fraction_completed', 'float8'],
    ['error', 'text'],
    ['coordinator_id', 'int8'],
    ...(form === 'single'
      ? ([
          ['trace_id', 'int8'],
          ['execution_errors', 'text[]'],
        ] as const)
      : []),
  ];
}

function valuesOf(job: Job, form: Form): Readonly<Record<string, string | null>> {
  const description = form === 'single' ? job.description : job.description.slice(0, listedDescription);
  return {
    job_id: String(job.id),
    job_type: job.type,
    description,
    statement: job.description,
    user_name: job.user,
    status: job.status,
    created: job.created.toISOString(),
    started: job.created.toISOString(),
    finished: job.finished?.toISOString() ?? null,
    modified: job.modified.toISOString(),
    fraction_completed: String(job.fraction),
    error: job.error,
    coordinator_id: '1',
    trace_id: '0',
    execution_errors: '{}',
  };
}

function literal(value: string | null, type: string): string {
  return value === null ? `NULL::${type}` : `${quoteLiteral(value)}::${type}`;
}
