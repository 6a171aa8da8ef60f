import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '@tsmolt/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Opens an empty store; `close` removes it with all that is in it. */
export type OpenObjectStore = () => Promise<{
  readonly store: ObjectStore;
  readonly close: () => Promise<void>;
}>;

export interface ObjectStoreExpectations {
  /** What the URL for a server looks like, of the key `public.t/it's 100%.csv`; undefined where no server can read. */
  readonly serverUrl: RegExp | undefined;
}

interface StoreFixture {
  readonly store: () => ObjectStore;
  readonly put: (key: string, data: string | Buffer) => Promise<number>;
  readonly get: (key: string) => Promise<Buffer>;
}

/** What every `ObjectStore` promises. */
export function objectStoreContract(
  name: string,
  open: OpenObjectStore,
  expectations: ObjectStoreExpectations,
): void {
  describe(`${name} as ObjectStore`, () => {
    const fixture = useStore(open);
    whatIsPut(fixture);
    whatIsReplaced(fixture);
    whatIsLarge(fixture);
    whatFails(fixture);
    whatIsStopped(fixture);
    whatIsMissing(fixture);
    whatIsListed(fixture);
    if (expectations.serverUrl === undefined) whatNoServerReads(fixture);
    else whatServersRead(fixture, expectations.serverUrl);
  });
}

const never = new AbortController().signal;
/** More than any store holds before it begins to send. */
const severalParts = 20_000_003;
const oddKeys = [
  'a x',
  "it's",
  '"quoted"',
  '100%',
  '%41',
  'a+b&c=d',
  'what?#',
  'semi;colon,comma',
  '(x)!*~@$',
  'täble/ünï 🐘',
  '[1]{2}|3^4`5',
];

function useStore(open: OpenObjectStore): StoreFixture {
  let opened: Awaited<ReturnType<OpenObjectStore>> | undefined;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened?.close());
  const store = (): ObjectStore => {
    if (opened === undefined) throw new Error('the store is not open yet');
    return opened.store;
  };
  return {
    store,
    put: (key, data) => store().put(key, Readable.from([Buffer.from(data)]), never),
    get: async (key) => buffer(await store().get(key)),
  };
}

/** Resolves when the store has taken what was written. */
async function write(data: PassThrough, bytes: number): Promise<void> {
  await new Promise((resolve) => data.write(randomBytes(bytes), resolve));
  if (data.readableLength > 0) await once(data, 'drain');
}

function whatIsPut({ store, put, get }: StoreFixture): void {
  test('gives back the bytes that were put, and says how many', async () => {
    const data = randomBytes(3_000_000);
    expect(await put('public.t/shard_01.csv', data)).toBe(data.length);
    expect((await get('public.t/shard_01.csv')).equals(data)).toBe(true);
    expect(await put('empty', '')).toBe(0);
    expect(await get('empty')).toHaveLength(0);
  });

  test('keeps keys apart that differ only in their folder, their case or an accent', async () => {
    for (const key of ['a/x', 'b/x', 'ab/x', 'A/x', 'ü', 'u', 'a%2Fx']) await put(key, key);
    for (const key of ['a/x', 'b/x', 'ab/x', 'A/x', 'ü', 'u', 'a%2Fx'])
      expect(String(await get(key))).toBe(key);
  });

  test('takes keys with characters that mean something in a URL', async () => {
    for (const key of oddKeys) await put(key, key);
    for (const key of oddKeys) expect(String(await get(key))).toBe(key);
    expect((await store().list('')).toSorted()).toEqual(oddKeys.toSorted());
    for (const key of oddKeys) await store().delete(key);
    expect(await store().list('')).toEqual([]);
  });
}

function whatIsReplaced({ store, put, get }: StoreFixture): void {
  test('a second put of a key replaces the first', async () => {
    await put('k', 'a long first text');
    await put('k', 'second');
    expect(String(await get('k'))).toBe('second');
  });

  test('puts of several keys at once do not disturb each other', async () => {
    const keys = Array.from({ length: 8 }, (_, index) => `part_${index}`);
    const data = keys.map(() => randomBytes(200_000));
    const sizes = await Promise.all(keys.map((key, index) => put(key, data[index] ?? '')));
    expect(sizes).toEqual(data.map((one) => one.length));
    const stored = await Promise.all(keys.map(get));
    expect(stored.map((one, index) => one.equals(data[index] ?? Buffer.alloc(0)))).toEqual(
      keys.map(() => true),
    );
  });

  test('shows an object only when it is whole', async () => {
    const data = new PassThrough();
    const putting = store().put('late', data, never);
    await write(data, 100_000);
    expect(await store().list('')).toEqual([]);
    await expect(get('late')).rejects.toMatchObject({ code: 'TSM6002' });
    data.end();
    await putting;
    expect(await store().list('')).toEqual(['late']);
  });

  test('forgets what is deleted', async () => {
    await put('a', '1');
    await put('b', '2');
    await store().delete('a');
    expect(await store().list('')).toEqual(['b']);
    await expect(get('a')).rejects.toMatchObject({ code: 'TSM6002' });
  });

  test('its description does not end in nothing', () => {
    expect(store().description).toMatch(/\S/);
  });

  test('can be closed twice', async () => {
    await put('a', '1');
    await store().close();
    await expect(store().close()).resolves.toBeUndefined();
  });
}

function whatIsLarge({ store, get }: StoreFixture): void {
  test('streams an object that is larger than its buffers', async () => {
    const put = createHash('sha256');
    const data = Readable.from(
      (function* () {
        for (let left = severalParts; left > 0; left -= 70_001) {
          const chunk = randomBytes(Math.min(left, 70_001));
          put.update(chunk);
          yield chunk;
        }
      })(),
    );
    expect(await store().put('large', data, never)).toBe(severalParts);
    const got = await get('large');
    expect(got).toHaveLength(severalParts);
    expect(createHash('sha256').update(got).digest('hex')).toBe(put.digest('hex'));
  });

  test('a reader may leave before the end', async () => {
    await store().put('large', Readable.from([randomBytes(severalParts)]), never);
    const data = await store().get('large');
    await once(data, 'readable');
    data.destroy();
    await once(data, 'close');
    expect(await store().list('')).toEqual(['large']);
  });

  test('a get that is told to stop ends with that', async () => {
    await store().put('large', Readable.from([randomBytes(severalParts)]), never);
    const controller = new AbortController();
    const data = await store().get('large', controller.signal);
    controller.abort();
    await expect(buffer(data)).rejects.toMatchObject({ code: 'TSM1005' });
    await expect(store().get('large', controller.signal).then(buffer)).rejects.toMatchObject({
      code: 'TSM1005',
    });
  });
}

async function* failing(bytes: number): AsyncGenerator<Buffer> {
  yield randomBytes(bytes);
  throw await Promise.resolve(new Error('the source went away'));
}

function whatFails({ store, put, get }: StoreFixture): void {
  test.each([100_000, severalParts])('a source that fails after %i bytes leaves nothing', async (bytes) => {
    await expect(store().put('half', Readable.from(failing(bytes)), never)).rejects.toThrow(
      /the source went away/,
    );
    expect(await store().list('')).toEqual([]);
    await expect(get('half')).rejects.toMatchObject({ code: 'TSM6002' });
  });

  test.each([100_000, severalParts])(
    'a source that fails after %i bytes leaves what was there before',
    async (bytes) => {
      await put('k', 'before');
      await expect(store().put('k', Readable.from(failing(bytes)), never)).rejects.toThrow(
        /the source went away/,
      );
      expect(String(await get('k'))).toBe('before');
      await put('k', 'after');
      expect(String(await get('k'))).toBe('after');
    },
  );

  test.each([1000, severalParts])('data that break off after %i bytes leave nothing', async (bytes) => {
    const data = new PassThrough();
    const putting = store()
      .put('half', data, never)
      .catch((thrown: unknown) => thrown);
    await write(data, bytes);
    data.destroy();
    expect(await putting).toMatchObject({ message: 'the data broke off before their end' });
    expect(await store().list('')).toEqual([]);
  });

  test.each(['../outside', 'a/../../outside', '/etc/outside', '..', '.', ''])(
    'the key "%s" cannot leave the store',
    async (key) => {
      await expect(put(key, 'x')).rejects.toMatchObject({ code: 'TSM4006' });
      await expect(get(key)).rejects.toMatchObject({ code: 'TSM4006' });
      await expect(store().delete(key)).rejects.toMatchObject({ code: 'TSM4006' });
    },
  );
}

function whatIsStopped({ store, put, get }: StoreFixture): void {
  test.each([1000, severalParts])(
    'a put that is told to stop after %i bytes leaves nothing',
    async (bytes) => {
      const controller = new AbortController();
      const data = new PassThrough();
      const putting = store().put('stopped', data, controller.signal);
      const stopped = putting.catch((thrown: unknown) => thrown);
      await write(data, bytes);
      controller.abort();
      expect(await stopped).toMatchObject({ code: 'TSM1005' });
      expect(data.destroyed).toBe(true);
      expect(await store().list('')).toEqual([]);
      await put('stopped', 'not any more');
      expect(String(await get('stopped'))).toBe('not any more');
    },
  );

  test('a put that is told to stop before it begins does nothing', async () => {
    const data = Readable.from(['x']);
    await expect(store().put('never', data, AbortSignal.abort())).rejects.toMatchObject({ code: 'TSM1005' });
    expect(data.destroyed).toBe(true);
    expect(await store().list('')).toEqual([]);
  });
}

function whatIsMissing({ store, put, get }: StoreFixture): void {
  test('a key that is not there is an error that names it', async () => {
    await put('folder/x', '1');
    for (const key of ['missing', 'folder', 'folder/missing']) {
      await expect(get(key)).rejects.toMatchObject({
        code: 'TSM6002',
        kind: 'operator',
        message: expect.stringContaining(key) as string,
      });
    }
  });

  test('deletes what is not there without a word', async () => {
    await put('folder/x', '1');
    for (const key of ['missing', 'folder', 'folder/missing', 'folder/x/below']) await store().delete(key);
    expect(await store().list('')).toEqual(['folder/x']);
  });
}

function whatIsListed({ store, put }: StoreFixture): void {
  test('lists the keys with a prefix in byte order', async () => {
    const inOrder = ['B', 'a', 'a/1', 'a/10', 'a/2', 'ab/1', 'b', 'ü', '～', '🐘'];
    const files = inOrder.filter((key) => key !== 'a');
    for (const key of files.toReversed()) await put(key, key);
    expect(await store().list('')).toEqual(files);
    expect(await store().list('a')).toEqual(['a/1', 'a/10', 'a/2', 'ab/1']);
    expect(await store().list('a/1')).toEqual(['a/1', 'a/10']);
    expect(await store().list('nothing')).toEqual([]);
  });

  test('a store in which nothing was put yet lists nothing', async () => {
    expect(await store().list('')).toEqual([]);
  });

  test('lists more keys than a service gives at once', async () => {
    const keys = Array.from({ length: 1003 }, (_, index) => `t/part_${String(index).padStart(8, '0')}.csv`);
    for (let start = 0; start < keys.length; start += 20) {
      await Promise.all(keys.slice(start, start + 20).map((key) => put(key, 'x')));
    }
    expect(await store().list('t/')).toEqual(keys);
  });
}

const namedKey = "public.t/it's 100%.csv";

function whatNoServerReads({ store }: StoreFixture): void {
  test('says that no server can read it', () => {
    expect(() => store().serverUrl(namedKey)).toThrow(expect.objectContaining({ code: 'TSM1001' }) as Error);
  });
}

function whatServersRead({ store }: StoreFixture, serverUrl: RegExp): void {
  test('names an object in the way that a server reads it, and keeps the name secret', () => {
    const url = store().serverUrl(namedKey);
    expect(url.reveal()).toMatch(serverUrl);
    expect(JSON.stringify({ url })).toBe('{"url":"<redacted>"}');
    expect(() => store().serverUrl('../outside')).toThrow(
      expect.objectContaining({ code: 'TSM4006' }) as Error,
    );
  });
}
