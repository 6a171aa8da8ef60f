import { tsmolt } from './tsmolt.js';
import type { Finished, LogLine } from './tsmolt.js';

/** Runs `tsmolt verify` with what every test of it needs: no TLS, a free port for metrics. */
export function tsmoltVerify(source: string, target: string, ...args: string[]): Promise<Finished> {
  return tsmolt(...verifyArguments(source, target), ...args);
}

export function verifyArguments(source: string, target: string): string[] {
  return [
    'verify', '--source', source, '--target', target, '--allow-tls-mode-disable', '--metrics-listen-addr', '127.0.0.1:0',
  ]; // prettier-ignore
}

/** The line that sums up a table. @throws when there is none */
export function summaryOf(run: Finished, table: string): LogLine {
  const found = run.log.find((line) => line['type'] === 'summary' && line['table_name'] === table);
  if (found === undefined) throw new Error(`no summary of ${table}:\n${run.stdout}\n${run.stderr}`);
  return found;
}

/** The numbers of a summary that are not 0, without their prefix. */
export function countsOf(run: Finished, table: string): Record<string, number> {
  const numbers = Object.entries(summaryOf(run, table)).flatMap(([name, value]) =>
    name.startsWith('num_') && typeof value === 'number' && value > 0
      ? [[name.slice(4), value] as const]
      : [],
  );
  return Object.fromEntries(numbers);
}
