import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '@tsmolt/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Opens an empty store; `close` removes it with all that is in it. */
export type OpenObjectStore = () => Promise<{
  readonly store: ObjectStore;
  readonly close: () => Promise<void>;
}>;

interface StoreFixture {
  readonly store: () => ObjectStore;
  readonly put: (key: string, data: string | Buffer) => Promise<number>;
  readonly get: (key: string) => Promise<Buffer>;
}

/** What every `ObjectStore` promises. */
export function objectStoreContract(name: string, open: OpenObjectStore): void {
  describe(`${name} as ObjectStore`, () => {
    const fixture = useStore(open);
    whatIsPut(fixture);
    whatFails(fixture);
    whatIsListed(fixture);
  });
}

const never = new AbortController().signal;

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

function whatIsPut({ store, put, get }: StoreFixture): void {
  test('gives back the bytes that were put, and says how many', async () => {
    const data = randomBytes(3_000_000);
    expect(await put('public.t/shard_01.csv', data)).toBe(data.length);
    expect((await get('public.t/shard_01.csv')).equals(data)).toBe(true);
    expect(await put('empty', '')).toBe(0);
    expect(await get('empty')).toHaveLength(0);
  });

  test('keeps keys apart that differ only in their folder, their case or an accent', async () => {
    for (const key of ['a/x', 'b/x', 'ab/x', 'a x', 'ü', 'a%2Fx']) await put(key, key);
    for (const key of ['a/x', 'b/x', 'ab/x', 'a x', 'ü', 'a%2Fx']) expect(String(await get(key))).toBe(key);
  });

  test('a second put of a key replaces the first', async () => {
    await put('k', 'a long first text');
    await put('k', 'second');
    expect(String(await get('k'))).toBe('second');
  });

  test('shows an object only when it is whole', async () => {
    const data = new PassThrough();
    const putting = store().put('late', data, never);
    data.write(randomBytes(100_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await store().list('')).toEqual([]);
    await expect(get('late')).rejects.toMatchObject({ code: 'TSM4006' });
    data.end();
    await putting;
    expect(await store().list('')).toEqual(['late']);
  });

  test('forgets what is deleted', async () => {
    await put('a', '1');
    await put('b', '2');
    await store().delete('a');
    expect(await store().list('')).toEqual(['b']);
    await expect(get('a')).rejects.toMatchObject({ code: 'TSM4006' });
  });

  test('its description does not end in nothing', () => {
    expect(store().description).toMatch(/\S/);
  });
}

async function* failing(): AsyncGenerator<Buffer> {
  yield randomBytes(100_000);
  throw await Promise.resolve(new Error('the source went away'));
}

function whatFails({ store, put, get }: StoreFixture): void {
  test('a source that fails leaves nothing', async () => {
    await expect(store().put('half', Readable.from(failing()), never)).rejects.toThrow(
      /the source went away/,
    );
    expect(await store().list('')).toEqual([]);
    await expect(get('half')).rejects.toMatchObject({ code: 'TSM4006' });
  });

  test('a source that fails leaves what was there before', async () => {
    await put('k', 'before');
    await expect(store().put('k', Readable.from(failing()), never)).rejects.toThrow(/the source went away/);
    expect(String(await get('k'))).toBe('before');
  });

  test('a put that is told to stop leaves nothing', async () => {
    const controller = new AbortController();
    const data = new PassThrough();
    const putting = store().put('stopped', data, controller.signal);
    data.write(randomBytes(1000));
    controller.abort();
    await expect(putting).rejects.toMatchObject({ code: 'TSM1005' });
    expect(await store().list('')).toEqual([]);
  });

  test('a key that is not there is an error that names it', async () => {
    await put('folder/x', '1');
    for (const key of ['missing', 'folder', 'folder/missing']) {
      await expect(get(key)).rejects.toMatchObject({
        code: 'TSM4006',
        kind: 'operator',
        message: expect.stringContaining(key) as string,
      });
    }
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
}
