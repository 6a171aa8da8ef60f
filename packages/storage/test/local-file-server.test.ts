import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LocalFileServer } from '@tsmolt/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';

const never = new AbortController().signal;
const key = 'public.t/shard_01_part_00000001.csv';
const content = 'id,name\n1,a\n2,b\n';
let folder: string;
let directory: string;
let server: LocalFileServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-served-'));
  directory = join(folder, 'data');
  await mkdir(directory);
  await writeFile(join(folder, 'outside.csv'), 'outside');
  server = await LocalFileServer.listen({ directory, listenAddr: '127.0.0.1:0' });
  await server.put(key, Readable.from([Buffer.from(content)]), never);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** @param path goes out as it is written: `fetch` would resolve the dots. */
async function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.serverUrl(key).reveal());
  const request = httpRequest({ hostname, port, path, agent: false, ...options });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.end();
  const [response] = await answered;
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

function pathOf(other: string): string {
  return new URL(server.serverUrl(other).reveal()).pathname;
}

function base(): string {
  return pathOf(key).slice(0, -key.length);
}

test('serves what was put', async () => {
  const answer = await ask(pathOf(key));
  expect(answer).toMatchObject({ status: 200, body: content });
  expect(answer.headers).toMatchObject({ 'content-length': '16', 'accept-ranges': 'bytes' });
  expect(await ask(pathOf(key), { method: 'HEAD' })).toMatchObject({
    status: 200,
    body: '',
    headers: { 'content-length': '16' },
  });
});

test('serves names that need encoding, and gzip files as the files they are', async () => {
  const odd = "my schema.t/täble's 100% #1?.csv.gz";
  await server.put(odd, Readable.from([Buffer.from('gz')]), never);
  const answer = await ask(pathOf(odd));
  expect(answer).toMatchObject({ status: 200, body: 'gz' });
  expect(answer.headers['content-encoding']).toBeUndefined();
});

test.each([
  ['bytes=3-', 206, 'bytes 3-15/16', content.slice(3)],
  ['bytes=0-1', 206, 'bytes 0-1/16', 'id'],
  ['bytes=-4', 206, 'bytes 12-15/16', '2,b\n'],
  ['bytes=16-', 416, 'bytes */16', ''],
])('answers the range %s', async (range, status, contentRange, body) => {
  const answer = await ask(pathOf(key), { headers: { range } });
  expect(answer).toMatchObject({ status, body });
  expect(answer.headers['content-range']).toBe(contentRange);
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'])('refuses %s', async (method) => {
  const answer = await ask(pathOf(key), { method });
  expect(answer).toMatchObject({ status: 405, body: '' });
  expect(answer.headers.allow).toBe('GET, HEAD');
  expect(await server.list('')).toEqual([key]);
});

test('needs the token, whole', async () => {
  const [, token = ''] = base().split('/');
  expect(token).toMatch(/^[\w-]{22}$/);
  for (const other of ['', token.slice(1), `${token}x`, token.toUpperCase() + '.', 'A'.repeat(22)]) {
    expect(await ask(`/${other}/${key}`)).toMatchObject({ status: 404, body: '' });
  }
  expect(await ask(`/${key}`)).toMatchObject({ status: 404, body: '' });
  expect(await ask(`//${token}/${key}`)).toMatchObject({ status: 404, body: '' });
});

test('has no listings', async () => {
  for (const path of ['', 'public.t', 'public.t/', '%2e/', './']) {
    expect(await ask(base() + path)).toMatchObject({ status: 404, body: '' });
  }
  expect(await ask('/')).toMatchObject({ status: 404, body: '' });
  expect(await ask(base().slice(0, -1))).toMatchObject({ status: 404, body: '' });
});

test.each([
  '../outside.csv',
  'public.t/../../outside.csv',
  '%2e%2e/outside.csv',
  '..%2foutside.csv',
  '%2e%2e%2foutside.csv',
  '%252e%252e/outside.csv',
  'public.t/%2e%2e/%2e%2e/outside.csv',
  '..%5coutside.csv',
  '/outside.csv',
  'public.t/..%00/outside.csv',
  'outside.csv%00',
  'public.t/../public.t/shard_01_part_00000001.csv',
  './public.t/shard_01_part_00000001.csv',
  'public.t//shard_01_part_00000001.csv',
  'public.t%2fshard_01_part_00000001.csv',
  '%zz.csv',
])('does not know %s', async (path) => {
  expect(await ask(base() + path)).toMatchObject({ status: 404, body: '' });
});

test('does not show files that are no objects', async () => {
  await writeFile(join(directory, 'notes.txt'), 'private');
  await writeFile(join(directory, 'x.csv.partial'), 'half');
  await writeFile(join(directory, 'key.pem'), 'private');
  await mkdir(join(directory, 'folder.csv'));
  for (const name of ['notes.txt', 'x.csv.partial', 'key.pem', 'folder.csv', 'folder.csv/']) {
    expect(await ask(base() + name)).toMatchObject({ status: 404, body: '' });
  }
});

test('follows no links', async () => {
  await symlink(join(folder, 'outside.csv'), join(directory, 'link.csv'));
  await symlink(folder, join(directory, 'up'));
  await symlink(join(directory, key), join(directory, 'within.csv'));
  for (const name of ['link.csv', 'up/outside.csv', 'within.csv']) {
    expect(await ask(base() + name)).toMatchObject({ status: 404, body: '' });
  }
});

test('does not show a file before it is whole', async () => {
  const late = 'public.t/late.csv';
  const data = new Readable({ read: () => undefined });
  const putting = server.put(late, data, never);
  data.push('half');
  expect((await ask(pathOf(late))).status).toBe(404);
  expect((await ask(`${pathOf(late)}.partial`)).status).toBe(404);
  data.push(null);
  await putting;
  expect(await ask(pathOf(late))).toMatchObject({ status: 200, body: 'half' });
});

test('serves a directory that is itself behind a link', async () => {
  await symlink(directory, join(folder, 'link'));
  await using other = await disposable({ directory: join(folder, 'link'), listenAddr: '127.0.0.1:0' });
  const answer = await fetch(other.server.serverUrl(key).reveal());
  expect(await answer.text()).toBe(content);
});

test('each run has a token of its own', async () => {
  await using other = await disposable({ directory, listenAddr: '127.0.0.1:0' });
  const [first, second] = [server, other.server].map((one) => new URL(one.serverUrl(key).reveal()).pathname);
  expect(first).not.toBe(second);
});

async function disposable(options: Parameters<typeof LocalFileServer.listen>[0]) {
  const opened = await LocalFileServer.listen(options);
  return { server: opened, [Symbol.asyncDispose]: () => opened.close() };
}

test('tells the cluster another address than it listens on', async () => {
  await using other = await disposable({
    directory,
    listenAddr: '127.0.0.1:0',
    accessAddr: '44.55.66.77:3000',
  });
  expect(other.server.serverUrl('a.csv').reveal()).toMatch(
    /^http:\/\/44\.55\.66\.77:3000\/[\w-]{22}\/a\.csv$/,
  );
  expect(other.server.description).toBe(`local directory ${directory}`);
});

test('listens on IPv6', async () => {
  await using other = await disposable({ directory, listenAddr: '[::1]:0' });
  const url = other.server.serverUrl(key).reveal();
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+\//);
  expect(await (await fetch(url)).text()).toBe(content);
});

test('listens everywhere when the host is left out, and names this machine', async () => {
  await using other = await disposable({ directory, listenAddr: ':0' });
  const url = other.server.serverUrl(key).reveal();
  expect(url).toMatch(/^http:\/\/localhost:\d+\//);
  expect(await (await fetch(url)).text()).toBe(content);
});

test('says which port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(LocalFileServer.listen({ directory, listenAddr: `127.0.0.1:${port}` })).rejects.toMatchObject({
    code: 'TSM1001',
    message: expect.stringContaining(`--local-path-listen-addr 127.0.0.1:${port}`),
  });
  taken.close();
});

test('says which address is not of this machine', async () => {
  await expect(LocalFileServer.listen({ directory, listenAddr: '192.0.2.1:3000' })).rejects.toMatchObject({
    code: 'TSM1001',
    message: expect.stringContaining('--local-path-listen-addr 192.0.2.1:3000'),
  });
});

test('closes at once though a client keeps its connection', async () => {
  const { port } = new URL(server.serverUrl(key).reveal());
  const client = connect(Number(port), '127.0.0.1');
  client.write(`GET ${pathOf(key)} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n`);
  await once(client, 'data');
  const ended = once(client, 'close');
  await server.close();
  await ended;
  await expect(fetch(server.serverUrl(key).reveal())).rejects.toThrow('fetch failed');
});
