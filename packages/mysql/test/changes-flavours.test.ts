import type { ChangeEvent } from '@tsmolt/core';
import { openMysql } from '@tsmolt/mysql';
import { startMariadb, startMysql } from '@tsmolt/testkit';
import { mutationsOf, readToEnd, readUntil, transactionsOf } from '@tsmolt/testkit/contracts';
import { describe, expect, test } from 'vitest';
import { ids, insertion, openDatabaseOn, openStream, OwnDatabase } from './changes-streams.js';
import { openOptions, parsed } from './databases.js';

const source = new OwnDatabase();

describe('the log of MySQL alone', () => {
  source.use(startMysql);

  test('compressed transactions are refused, with the setting', async () => {
    await using stream = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    await source.opened.sql('SET SESSION binlog_transaction_compression = ON', insertion(1));
    await expect(readToEnd(stream, from)).rejects.toMatchObject({
      code: 'TSM5006',
      advice: expect.stringContaining('binlog_transaction_compression'),
    });
  });

  test('parts of documents are refused where the table is wanted', async () => {
    await source.opened.sql('CREATE TABLE j (id int PRIMARY KEY, v json)');
    await source.opened.sql(`INSERT INTO j VALUES (1, JSON_OBJECT('a', 1, 'b', REPEAT('x', 1000)))`);
    await using stream = await openStream(source.opened, ['t', 'j']);
    await using other = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    await source.opened.sql(
      `SET SESSION binlog_row_value_options = 'PARTIAL_JSON'`,
      `UPDATE j SET v = JSON_SET(v, '$.a', 2)`,
      insertion(1),
    );
    await expect(readToEnd(stream, from)).rejects.toMatchObject({
      code: 'TSM5006',
      advice: expect.stringContaining('binlog_row_value_options'),
    });
    expect(ids(await readToEnd(other, from))).toEqual(['1']);
  });

  test('a server that ends idle sessions does not end the stream', async () => {
    await source.opened.sql('SET GLOBAL wait_timeout = 1');
    try {
      await using stream = await openStream(source.opened, ['t']);
      // They come every second.
      let left = 3;
      const isLast = ({ kind }: ChangeEvent): boolean => kind === 'heartbeat' && --left === 0;
      await expect(readUntil(stream, await stream.currentPosition(), isLast)).resolves.toHaveLength(3);
    } finally {
      await source.opened.sql('SET GLOBAL wait_timeout = DEFAULT');
    }
  });

  test('tagged GTIDs are in the position', async () => {
    await using stream = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    await source.opened.sql(
      `SET SESSION gtid_next = 'AUTOMATIC:orders_1'`,
      insertion(1),
      insertion(2),
      `SET SESSION gtid_next = 'AUTOMATIC'`,
      insertion(3),
    );
    const read = transactionsOf(await readToEnd(stream, from));
    expect(read).toHaveLength(3);
    expect(read[1]?.position).toMatch(/:orders_1:1-2$/);
    expect(read[2]?.position).toBe(await stream.currentPosition());
    expect(ids(await readToEnd(stream, read[0]?.position ?? ''))).toEqual(['2', '3']);
  });

  test('a replica that takes over has the same stream, from the same position', async () => {
    await using replica = await startMysql({ own: true });
    await using follower = await openDatabaseOn(replica);
    await follower.sql('RESET BINARY LOGS AND GTIDS');
    await source.opened.sql(
      'RESET BINARY LOGS AND GTIDS',
      `CREATE DATABASE moved`,
      `CREATE TABLE moved.t (id int PRIMARY KEY)`,
    );
    const moved = (url: string): string => url.replace(/\/[^/]*$/, '/moved');
    const first = await openMysql(parsed(moved(source.opened.url)), openOptions);
    const stream = await openStream({ database: first }, ['t']);
    await source.opened.sql('INSERT INTO moved.t VALUES (1)', 'INSERT INTO moved.t VALUES (2)');
    const start = (await stream.currentPosition()).replace(/\d+$/, '2');
    const [read] = transactionsOf(await readToEnd(stream, start));
    await follower.sql(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${source.server.port}, SOURCE_USER = 'root',
       SOURCE_PASSWORD = 'password', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
      'START REPLICA',
      `DO WAIT_FOR_EXECUTED_GTID_SET('${await stream.currentPosition()}', 30)`,
      'STOP REPLICA',
      'INSERT INTO moved.t VALUES (3)',
    );
    const second = await openMysql(parsed(moved(follower.url)), openOptions);
    const after = await openStream({ database: second }, ['t']);
    expect(after.identity).toBe(stream.identity);
    expect(ids(await readToEnd(after, read?.position ?? ''))).toEqual(['2', '3']);
    await stream.close();
    await after.close();
    await first.close();
    await second.close();
    await source.opened.sql('DROP DATABASE moved');
  });

  test('rows that a foreign key deletes are in the log', async () => {
    await source.opened.sql(
      'CREATE TABLE c (id int PRIMARY KEY, t int, FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE)',
    );
    await using stream = await openStream(source.opened, ['t', 'c']);
    expect(stream.warnings.join()).not.toContain('CASCADE');
    const from = await stream.currentPosition();
    await source.opened.sql(insertion(1), 'INSERT INTO c VALUES (5, 1)', 'DELETE FROM t');
    const deleted = mutationsOf(await readToEnd(stream, from)).filter(({ kind }) => kind === 'delete');
    expect(deleted.map(({ table }) => table).toSorted()).toEqual(['c', 't']);
  });
});

describe('the log of MariaDB alone', () => {
  source.use(startMariadb);

  test('rows that a foreign key deletes are not in the log, and the stream says so', async () => {
    await source.opened.sql(
      'CREATE TABLE c (id int PRIMARY KEY, t int, FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE)',
    );
    await using stream = await openStream(source.opened, ['t', 'c']);
    expect(stream.warnings.join()).toMatch(/public\.c .*CASCADE/);
  });

  test('compressed events are read', async () => {
    await source.opened.sql('SET GLOBAL log_bin_compress = ON', 'SET GLOBAL log_bin_compress_min_len = 10');
    try {
      await source.opened.sql(
        'CREATE TABLE wide (id int PRIMARY KEY, v text, c longtext COMPRESSED, d varchar(300) COMPRESSED)',
      );
      await using stream = await openStream(source.opened, ['wide']);
      const from = await stream.currentPosition();
      const long = `REPEAT('é', 200)`;
      await source.opened.sql(
        `INSERT INTO wide VALUES (1, ${long}, ${long}, ${long})`,
        `UPDATE wide SET v = 'x'`,
        'TRUNCATE TABLE wide',
      );
      const events = transactionsOf(await readToEnd(stream, from)).flatMap(({ changes }) => changes);
      const text = 'é'.repeat(200);
      expect(events).toMatchObject([
        { kind: 'upsert', values: ['1', text, text, text] },
        { kind: 'upsert', values: ['1', 'x', text, text] },
        { kind: 'truncate' },
      ]);
    } finally {
      await source.opened.sql('SET GLOBAL log_bin_compress = OFF');
    }
  });

  test('domains are positions of their own', async () => {
    await using stream = await openStream(source.opened, ['t']);
    const from = await stream.currentPosition();
    await source.opened.sql(insertion(1), 'SET SESSION gtid_domain_id = 7', insertion(2), insertion(3));
    const read = transactionsOf(await readToEnd(stream, from));
    expect(read.at(-1)?.position).toBe(await stream.currentPosition());
    expect(ids(await readToEnd(stream, read[1]?.position ?? ''))).toEqual(['3']);
  });

  test('the hidden hash of a unique key over long texts is no column; sequences are no tables', async () => {
    await source.opened.sql(
      'CREATE TABLE hashed (id int PRIMARY KEY, v text, w blob, DB_ROW_HASH_1 int, UNIQUE (v), UNIQUE (w, v))',
      'CREATE SEQUENCE before_it',
    );
    await using stream = await openStream(source.opened, ['hashed'], { others: [] });
    const from = await stream.currentPosition();
    await source.opened.sql(
      'CREATE SEQUENCE after_it',
      `INSERT INTO hashed VALUES (NEXTVAL(before_it), 'a', 'b', NEXTVAL(after_it))`,
      `UPDATE hashed SET v = 'c'`,
      'DELETE FROM hashed',
    );
    const events = transactionsOf(await readToEnd(stream, from)).flatMap(({ changes }) => changes);
    expect(events).toMatchObject([
      { kind: 'upsert', table: { columns: ['id', 'v', 'w', 'DB_ROW_HASH_1'] }, values: ['1', 'a', '\\x62', '1'] },
      { kind: 'upsert', values: ['1', 'c', '\\x62', '1'] },
      { kind: 'delete' },
    ]);
  }); // prettier-ignore

  test('what a prepared transaction took back to a savepoint, beside a table without transactions, is refused', async () => {
    await source.opened.sql('CREATE TABLE m (id int PRIMARY KEY) ENGINE=MyISAM');
    await using stream = await openStream(source.opened, ['t', 'm']);
    const from = await stream.currentPosition();
    await source.opened.sql(
      `XA START 'beside'`,
      insertion(1),
      'SAVEPOINT s',
      insertion(2),
      'INSERT INTO m VALUES (1)',
      'ROLLBACK TO s',
      `XA END 'beside'`,
      `XA PREPARE 'beside'`,
      `XA COMMIT 'beside'`,
    );
    await expect(readToEnd(stream, from)).rejects.toMatchObject({
      code: 'TSM5006',
      message: expect.stringContaining('was rolled back after changes of it were written'),
    });
  });

  test('system-versioned tables are refused', async () => {
    await source.opened.sql('CREATE TABLE old (id int PRIMARY KEY) WITH SYSTEM VERSIONING');
    await expect(openStream(source.opened, ['old'])).rejects.toMatchObject({ code: 'TSM5006' });
  });
});
