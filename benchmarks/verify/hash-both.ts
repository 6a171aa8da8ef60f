import { runMysql, runSql } from '@tsmolt/testkit';
import { hashStatement } from './orders-table.js';
import type { Engine } from './orders-table.js';

/**
 * `node hash-both.js <source> <target> <statements at a time> <rows>`: the bare hash statements on both servers at once, each
 * on its part of the keys. Ends with 1 where the sums differ.
 */
const [source = '', target = '', parts = '1', rows = '0'] = process.argv.slice(2);
const engineOf = (url: string): Engine => (url.startsWith('mysql:') ? 'mysql' : 'postgres');
const algorithm =
  engineOf(source) === 'postgres' && engineOf(target) === 'postgres' ? 'hash-extended' : 'sha256';

async function hash(url: string, part: number): Promise<string> {
  const width = Math.ceil(Number(rows) / Number(parts));
  const where = `id > ${part * width} AND id <= ${(part + 1) * width}`;
  const statement = hashStatement(engineOf(url), algorithm, where);
  const [row] =
    engineOf(url) === 'mysql'
      ? await runMysql(url, statement)
      : // As many processes as statements: a range is read by one.
        await runSql(url, 'SET max_parallel_workers_per_gather = 0', statement);
  return Object.values(row ?? {}).map(String).join(' '); // prettier-ignore
}

const all = Array.from({ length: Number(parts) }, (_, part) => part);
const [left, right] = await Promise.all(
  [source, target].map((url) => Promise.all(all.map((part) => hash(url, part)))),
);
process.stdout.write(`${left?.join('\n')}\n${right?.join('\n')}\n`);
if (JSON.stringify(left) !== JSON.stringify(right)) process.exitCode = 1;
