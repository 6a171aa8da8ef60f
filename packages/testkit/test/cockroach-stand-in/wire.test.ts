import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { rows, sendExtended, useStandIn } from './fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'stand-in-'));
const fixture = useStandIn({ logFile: join(folder, 'statements.jsonl') });

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the wire', () => {
  test('a cancel request reaches the statement', async () => {
    const client = await fixture.connect();
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const sleeping = client.query('SELECT pg_sleep(20)').catch((error: unknown) => error);
    await delay(100);
    const packet = Buffer.alloc(16);
    [16, 80877102, processID, secretKey].forEach((value, index) => packet.writeInt32BE(value, index * 4));
    createConnection(fixture.standIn().port, '127.0.0.1').end(packet);
    expect(await sleeping).toMatchObject({ code: '57014' });
  });

  test('pipelined requests of both protocols, refusals among them, are answered in order', async () => {
    const answers = await pipelined([
      parse('SELECT version()'),
      bind(),
      describePortal(),
      execute(),
      sync(),
      parse('SELECT ctid FROM pg_class'),
      bind(),
      execute(),
      sync(),
      parse('SELECT 1'),
      bind(),
      execute(),
      parse('LISTEN a'),
      bind(),
      execute(),
      parse('SELECT 2'),
      bind(),
      execute(),
      sync(),
      frame('Q', `SELECT 'x'::STRING; SELECT 'y'\0`),
      frame('Q', 'SHOW crdb_version\0'),
      frame('Q', `SELECT 1 AS OF SYSTEM TIME '-1s'\0`),
      parse('SHOW distsql'),
      bind(),
      execute(),
      sync(),
    ]);
    expect(answers).toBe(['12TDCZ', 'EZ', '12DCEZ', 'TDCTDCZ', 'TDCZ', 'TDCZ', '12DCZ'].join(''));
  });

  test('a statement of many megabytes, and rows as large', async () => {
    const client = await fixture.connect();
    const text = 'é"\'\\$1;--'.repeat(600_000);
    expect(await rows(client, 'SELECT $1::STRING', [text])).toEqual([[text]]);
    expect(await rows(client, `SELECT ${client.escapeLiteral(text)}::STRING`)).toEqual([[text]]);
  });

  test('the statements are logged as they came', async () => {
    const client = await fixture.connect();
    const unique = `SELECT 'é ${randomBytes(4).toString('hex')}'::STRING;`;
    await client.query(unique);
    await client.query(`${unique}--`, []);
    await sendExtended(client, `${unique}--x`);
    expect(
      fixture
        .standIn()
        .statements()
        .filter((sql) => sql.startsWith(unique)),
    ).toEqual([unique, `${unique}--`, `${unique}--x`]);
    const lines = (await readFile(join(folder, 'statements.jsonl'), 'utf8')).trim().split('\n');
    const logged = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ sql }) => sql === unique);
    expect(logged).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        connection: expect.any(Number) as number,
        kind: 'simple',
        sql: unique,
      },
    ]);
    expect(lines.at(-1)).toContain('"kind":"parse"');
  });
});

function frame(type: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body as string);
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
}

const parse = (sql: string): Buffer => frame('P', `\0${sql}\0\0\0`);
const bind = (): Buffer => frame('B', '\0\0\0\0\0\0\0\0');
const describePortal = (): Buffer => frame('D', 'P\0');
const execute = (): Buffer => frame('E', '\0\0\0\0\0');
const sync = (): Buffer => frame('S', '');

/** Sends all messages at once, byte by byte, on a connection that logs in by itself; returns the types of the answers. */
async function pipelined(messages: readonly Buffer[]): Promise<string> {
  const client = await fixture.connect();
  const { stream } = (client as unknown as { connection: { stream: NodeJS.ReadWriteStream } }).connection;
  stream.removeAllListeners('data');
  const wanted = messages.filter((bytes) => bytes[0] === 0x53 || bytes[0] === 0x51).length;
  let received = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  for (const byte of Buffer.concat(messages)) stream.write(Buffer.of(byte));
  while ((typesOf(received).match(/Z/g) ?? []).length < wanted) await once(stream, 'data');
  stream.end();
  return typesOf(received);
}

function typesOf(bytes: Buffer): string {
  let types = '';
  for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
    types += String.fromCharCode(bytes[at] ?? 0);
  }
  return types;
}
