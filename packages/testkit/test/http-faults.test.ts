import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { s3Error, startHttpFaults } from '@tsmolt/testkit';
import type { HttpFaults } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const large = Buffer.alloc(3_000_000, 'x');
let received: number[];
let server: Server;
let faults: HttpFaults;

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    buffer(request).then(
      (body) => {
        received.push(body.length);
        response.setHeader('x-path', request.url ?? '').end(request.url === '/large' ? large : 'fine');
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  faults = await startHttpFaults({ target: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

afterEach(async () => {
  await faults.close();
  server.closeAllConnections();
  server.close();
});

test('forwards what no fault is meant for', async () => {
  faults.failNext({ method: 'PUT', answer: s3Error(500, 'InternalError') });
  faults.failNext({ match: /other/, answer: s3Error(500, 'InternalError') });
  const answer = await fetch(`${faults.url}/a%20b?c=d`, { method: 'POST', body: large });
  expect(answer.headers.get('x-path')).toBe('/a%20b?c=d');
  expect(await answer.text()).toBe('fine');
  expect(received).toEqual([large.length]);
  expect(faults.requests).toEqual([{ method: 'POST', path: '/a%20b?c=d', faulty: false }]);
});

test('answers in the place of the server, as often as it is told to', async () => {
  faults.failNext({ match: /^\/x/, times: 2, answer: s3Error(503, 'SlowDown') });
  const statuses: number[] = [];
  for (const path of ['/x', '/y', '/x', '/x']) statuses.push((await fetch(faults.url + path)).status);
  expect(statuses).toEqual([503, 200, 503, 200]);
  expect(received).toHaveLength(2);
});

test('says what the answer says', async () => {
  faults.failNext({ answer: s3Error(503, 'SlowDown') });
  const answer = await fetch(faults.url);
  expect(await answer.text()).toContain('<Code>SlowDown</Code>');
  expect(answer.headers.get('x-ms-error-code')).toBe('SlowDown');
});

test('cuts a request, which the server does not get whole', async () => {
  faults.failNext({ cut: { in: 'request', afterBytes: 1000 } });
  await expect(fetch(faults.url, { method: 'PUT', body: large })).rejects.toThrow('fetch failed');
  expect(received).toEqual([]);
  expect((await fetch(faults.url)).status).toBe(200);
});

test('cuts an answer, whose beginning comes', async () => {
  faults.failNext({ cut: { in: 'response', afterBytes: 1000 } });
  const answer = await fetch(`${faults.url}/large`);
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow('terminated');
});

test('delays and drips without harm', async () => {
  faults.failNext({ delayMs: 20, drip: { bytes: 1, everyMs: 1 } });
  const answer = await fetch(faults.url);
  expect(await answer.text()).toBe('fine');
  faults.failNext({ times: Infinity, answer: s3Error(500, 'InternalError') });
  faults.clear();
  expect(await (await fetch(faults.url)).text()).toBe('fine');
});
