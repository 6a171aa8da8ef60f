import { connectSql, runMysql } from '@tsmolt/testkit';
import { pageStatement } from './orders-table.js';

/**
 * `node read-both.js <source> <target>`: reads all rows of both sides in pages by key, as a client does that trusts no server
 * to hash, and compares them. Ends with 1 where one differs.
 */
const [source = '', target = ''] = process.argv.slice(2);
const pageRows = 20_000;

interface Side {
  page(after: string): Promise<readonly Record<string, unknown>[]>;
  end(): Promise<void>;
}

async function open(url: string): Promise<Side> {
  if (url.startsWith('mysql:')) {
    return {
      page: (after) => runMysql(url, pageStatement('mysql', after, pageRows)),
      end: () => Promise.resolve(),
    };
  }
  const client = await connectSql(url);
  return {
    page: async (after) =>
      (await client.query<Record<string, unknown>>(pageStatement('postgres', after, pageRows))).rows,
    end: () => client.end(),
  };
}

const [left, right] = await Promise.all([open(source), open(target)]);
let rows = 0;
for (let after = '0'; ;) {
  const [mine, others] = await Promise.all([left.page(after), right.page(after)]);
  const same = mine.every((row, index) =>
    Object.entries(row).every(([name, value]) => others[index]?.[name] === value),
  );
  if (!same || mine.length !== others.length) process.exitCode = 1;
  rows += mine.length;
  if (mine.length < pageRows) break;
  after = String(mine.at(-1)?.['id']);
}
await Promise.all([left.end(), right.end()]);
process.stdout.write(`${rows} rows\n`);
