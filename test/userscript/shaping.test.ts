import { describe, expect, test } from 'vitest';
import { rowsOf } from '../support/replication.js';
import { catchUp } from '../support/replicator.js';
import { pairForTest, run, schemaHandlers, scriptFile } from './scripted-run.js';

describe('rows are shaped on their way', () => {
  test('rows are left out, columns computed and dropped, and deletes pass', async () => {
    const pair = await pairForTest();
    await pair.onSource(
      'CREATE TABLE items (id int PRIMARY KEY, price numeric(10,2), qty int, secret text, hidden boolean DEFAULT false)',
      'ALTER TABLE items REPLICA IDENTITY FULL',
    );
    await pair.onTarget(
      'CREATE TABLE items (id int PRIMARY KEY, price numeric(10,2), qty int, hidden boolean, total numeric(12,2))',
    );
    const script = await scriptFile(
      schemaHandlers(
        pair,
        `if (row.hidden === true) return null;
         delete row.secret;
         row.total = row.price === null ? null : (Number(row.price) * Number(row.qty)).toFixed(2);
         return row;`,
      ),
    );
    await pair.onSource(
      `INSERT INTO items VALUES (1, 2.50, 3, 's', false), (2, NULL, 1, NULL, false), (3, 1, 1, 's', true), (4, 9, 9, 's', false)`,
      `UPDATE items SET qty = 4 WHERE id = 1`,
      `UPDATE items SET id = 20 WHERE id = 2`,
      `DELETE FROM items WHERE id = 4`,
    );
    await run(pair, script);
    expect(await rowsOf(pair.target, 'items')).toEqual(['(1,2.50,4,f,10.00)', '(20,,1,f,)']);
    await pair.onSource('DELETE FROM items WHERE id IN (1, 3)');
    await run(pair, script);
    expect(await rowsOf(pair.target, 'items')).toEqual(['(20,,1,f,)']);
  });

  test('tables and their keys get other names, and rows find their keys again', async () => {
    const pair = await pairForTest();
    await pair.onSource(
      'CREATE TABLE customer (pk int PRIMARY KEY, name text, blob text)',
      'ALTER TABLE customer ALTER blob SET STORAGE EXTERNAL',
    );
    await pair.onTarget('CREATE TABLE "CUSTOMERS" (id int PRIMARY KEY, name text, blob text)');
    const renamed = `if (table !== 'customer') return row;
      const { pk, ...others } = row; return { CUSTOMERS: [{ id: pk, ...others }] };`;
    const script = await scriptFile(schemaHandlers(pair, renamed, renamed));
    await pair.onSource(
      `INSERT INTO customer SELECT i, 'n' || i, repeat('x', 3000) FROM generate_series(1, 6) i`,
      `UPDATE customer SET name = 'changed' WHERE pk = 2`,
      `UPDATE customer SET pk = 30 WHERE pk = 3`,
      `DELETE FROM customer WHERE pk = 4`,
      `UPDATE customer SET name = 'last' WHERE pk IN (5, 30)`,
    );
    await run(pair, script);
    const rows = await rowsOf(pair.target, '(SELECT id, name, length(blob) FROM "CUSTOMERS")');
    expect(rows).toEqual([
      '(1,n1,3000)',
      '(2,changed,3000)',
      '(30,last,3000)',
      '(5,last,3000)',
      '(6,n6,3000)',
    ]);
  });

  test('a name that differs in case only is the source’s to a script, and finds its table', async () => {
    const pair = await pairForTest();
    await pair.onSource('CREATE TABLE "ORDERS" ("ID" int PRIMARY KEY, "Note" text)');
    await pair.onTarget('CREATE TABLE orders (id int PRIMARY KEY, note text)');
    const script = await scriptFile(
      `${schemaHandlers(pair, `row.Note = table + ' ' + Object.keys(row); return row;`)}
       api.configureTargetTables(['orders'], {
         onRowUpsert: (row, { table }) => ({ ...row, note: row.note + ' ' + table }),
         onRowDelete: (key) => key });`,
    );
    await pair.onSource(`INSERT INTO "ORDERS" VALUES (1, 'x')`);
    await run(pair, script);
    expect(await rowsOf(pair.target, 'orders')).toEqual(['(1,"ORDERS ID,Note orders")']);
  });

  test('one row goes to several tables, and moves between partitions with its key', async () => {
    const pair = await pairForTest();
    await pair.onSource('CREATE TABLE orders (id int PRIMARY KEY, total int, note text)');
    await pair.onTarget(
      ...['small', 'large'].map((part) => `CREATE TABLE orders_${part} (id int PRIMARY KEY, total int)`),
      'CREATE TABLE notes (id int PRIMARY KEY, note text)',
    );
    const route = `const part = Number(row.id) < 100 ? 'orders_small' : 'orders_large';
      const { note, ...order } = row;
      return { [part]: [order], notes: note === undefined || note !== null ? [{ id: row.id, ...(note === undefined ? {} : { note }) }] : [] };`;
    const script = await scriptFile(schemaHandlers(pair, route, route));
    await pair.onSource(
      `INSERT INTO orders VALUES (1, 10, 'one'), (2, 20, NULL), (200, 30, 'large'), (201, 40, 'gone')`,
      `UPDATE orders SET id = 300, total = 21 WHERE id = 2`,
      `UPDATE orders SET id = 3 WHERE id = 1`,
      `DELETE FROM orders WHERE id = 201`,
    );
    await run(pair, script);
    expect(await rowsOf(pair.target, 'orders_small')).toEqual(['(3,10)']);
    expect(await rowsOf(pair.target, 'orders_large')).toEqual(['(200,30)', '(300,21)']);
    expect(await rowsOf(pair.target, 'notes')).toEqual(['(200,large)', '(3,one)']);
  });

  test('several tables come together in one', async () => {
    const pair = await pairForTest();
    await pair.onSource(
      ...[2024, 2025].map((year) => `CREATE TABLE orders_${year} (id int PRIMARY KEY, total int)`),
    );
    await pair.onTarget('CREATE TABLE orders (year int, id int, total int, PRIMARY KEY (year, id))');
    const merge = `return { orders: [{ year: table.slice(7), ...row }] };`;
    const script = await scriptFile(schemaHandlers(pair, merge, merge));
    await pair.onSource(
      'INSERT INTO orders_2024 VALUES (1, 10), (2, 20)',
      'INSERT INTO orders_2025 VALUES (1, 11)',
      'UPDATE orders_2025 SET id = 7',
      'DELETE FROM orders_2024 WHERE id = 2',
    );
    await run(pair, script);
    expect(await rowsOf(pair.target, 'orders')).toEqual(['(2024,1,10)', '(2025,7,11)']);
    await pair.onSource('TRUNCATE orders_2024');
    const truncated = await catchUp(pair, '--userscript', script.path, '--onTruncate', 'apply');
    expect(truncated.exitCode, truncated.stdout).toBe(3);
    expect(truncated.stderr).toMatch(/TSM7001.*userscript, which sends rows to tables/s);
    expect(await rowsOf(pair.target, 'orders')).toHaveLength(2);
  });

  test('values are what the manual says: numbers are strings, documents objects, arrays lists', async () => {
    const pair = await pairForTest();
    const columns =
      'id bigint PRIMARY KEY, big numeric, doc jsonb, tags text[], ok boolean, raw bytea, at timestamptz';
    await pair.onSource(`CREATE TABLE v (${columns})`);
    await pair.onTarget(`CREATE TABLE v (${columns}, seen text)`);
    const script = await scriptFile(
      `api.configureTargetTables(['v'], {
        onRowUpsert(row) {
          const kinds = Object.entries(row).map(([name, value]) => name + ':' + (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value));
          if (row.doc !== null && row.id === '2') row.doc.added = { n: 5, list: ['a', null] };
          if (row.id === '2') { row.tags = [...row.tags, 'quo"te', null]; row.ok = !row.ok; }
          return { ...row, seen: kinds.join(' ') };
        },
        onRowDelete: (key) => key,
      });`,
    );
    const values = `12345678901234567890.123456789, '{"a": 12345678901234567890, "b": [1.10, "x"]}', '{a,"b c"}', true, '\\x00ff', '2026-01-01 00:00:00.123456+00'`;
    await pair.onSource(
      `INSERT INTO v VALUES (1, ${values}), (2, ${values}), (3, NULL, NULL, NULL, NULL, NULL, NULL)`,
    );
    await run(pair, script);
    const kinds = 'id:string big:string doc:object tags:list ok:boolean raw:string at:string';
    const row = (id: number, doc: string, tags: string, ok: string): string =>
      `(${id},12345678901234567890.123456789,"${doc}","${tags}",${ok},"\\\\x00ff","2026-01-01 00:00:00.123456+00","${kinds}")`;
    await pair.onTarget(`ALTER DATABASE ${new URL(pair.target).pathname.slice(1)} SET timezone = 'UTC'`);
    expect(await rowsOf(pair.target, 'v')).toEqual([
      row(1, '{""a"": 12345678901234567890, ""b"": [1.10, ""x""]}', '{a,""b c""}', 't'),
      row(
        2,
        '{""a"": 12345678901234567890, ""b"": [1.10, ""x""], ""added"": {""n"": 5, ""list"": [""a"", null]}}',
        '{a,""b c"",""quo\\\\""te"",NULL}',
        'f',
      ),
      '(3,,,,,,,"id:string big:null doc:null tags:null ok:null raw:null at:null")',
    ]);
  });

  test('values that were not sent are absent, and stay on the target', async () => {
    const pair = await pairForTest();
    await pair.onBoth(
      'CREATE TABLE d (id int PRIMARY KEY, n int, body text, seen text)',
      'ALTER TABLE d ALTER body SET STORAGE EXTERNAL',
    );
    const script = await scriptFile(schemaHandlers(pair, `row.seen = Object.keys(row).join(); return row;`));
    await pair.onSource(`INSERT INTO d SELECT i, 0, repeat('x', 3000) FROM generate_series(1, 3) i`);
    await run(pair, script);
    await pair.onSource(
      'UPDATE d SET n = 1 WHERE id = 1',
      `UPDATE d SET body = 'new' WHERE id = 2`,
      'UPDATE d SET id = 30 WHERE id = 3',
    );
    await run(pair, script);
    expect(await rowsOf(pair.target, '(SELECT id, n, length(body), seen FROM d)')).toEqual([
      '(1,1,3000,"id,n,seen")',
      '(2,0,3,"id,n,body,seen")',
      '(30,0,3000,"id,n,seen")',
    ]);
  });
});
