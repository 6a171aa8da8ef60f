import { dryRun } from '@tsmolt/fetch';
import { describeDryRun } from '../console/dry-run.js';
import { withFetchOptions } from '../fetch.js';
import type { FetchRequest } from '../fetch-request.js';

/**
 * Prints what the fetch would do: text for people, or one JSON object.
 *
 * @returns the exit code: 1 when it would be refused
 */
export async function printDryRun(request: FetchRequest, forPeople: boolean): Promise<number> {
  const plan = await withFetchOptions(request, dryRun);
  process.stdout.write(forPeople ? describeDryRun(plan) : `${JSON.stringify(plan, undefined, 2)}\n`);
  return plan.refused === undefined ? 0 : 1;
}
