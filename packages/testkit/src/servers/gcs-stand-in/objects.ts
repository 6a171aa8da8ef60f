import { createHash } from 'node:crypto';

export interface StoredObject {
  readonly data: Buffer;
  readonly contentType: string;
  /** Microseconds, as Google's are; each write has a later one. */
  readonly generation: number;
}

/** The buckets of one stand-in, in memory. */
export class Objects {
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  #generation = 1_700_000_000_000_000;

  constructor(buckets: readonly string[]) {
    for (const bucket of buckets) this.#buckets.set(bucket, new Map());
  }

  has(bucket: string): boolean {
    return this.#buckets.has(bucket);
  }

  put(bucket: string, name: string, object: Pick<StoredObject, 'data' | 'contentType'>): StoredObject {
    const stored = { ...object, generation: ++this.#generation };
    this.#buckets.get(bucket)?.set(name, stored);
    return stored;
  }

  get(bucket: string, name: string): StoredObject | undefined {
    return this.#buckets.get(bucket)?.get(name);
  }

  delete(bucket: string, name: string): boolean {
    return this.#buckets.get(bucket)?.delete(name) ?? false;
  }

  /** @returns a page of names in byte order, and the name that the next page begins behind */
  list(
    bucket: string,
    query: { prefix: string; after: string; limit: number },
  ): { names: string[]; next: string } {
    const names = [...(this.#buckets.get(bucket)?.keys() ?? [])]
      .filter((name) => name.startsWith(query.prefix))
      .toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    const start = query.after === '' ? 0 : names.indexOf(query.after) + 1;
    const page = names.slice(start, start + query.limit);
    return { names: page, next: start + page.length < names.length ? (page.at(-1) ?? '') : '' };
  }
}

export function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('base64');
}

/** The resource "Objects" of the JSON API, as far as clients look at it. */
export function objectResource(
  bucket: string,
  name: string,
  { data, contentType, generation }: StoredObject,
) {
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation: String(generation),
    contentType,
    size: String(data.length),
    md5Hash: md5(data),
  };
}
