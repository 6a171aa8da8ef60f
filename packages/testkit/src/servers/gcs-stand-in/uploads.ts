import { randomUUID } from 'node:crypto';

export interface ResumableUpload {
  readonly bucket: string;
  readonly name: string;
  readonly contentType: string;
  received: Buffer;
}

/** What a request of a resumable upload comes to. */
export type UploadStep =
  | { readonly kind: 'whole'; readonly upload: ResumableUpload }
  | { readonly kind: 'more'; readonly received: number }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string };

const chunkUnit = 256 * 1024;

/** Resumable uploads that are under way ("Resumable uploads" in Google's documentation of the JSON API). */
export class ResumableUploads {
  readonly #uploads = new Map<string, ResumableUpload>();

  get size(): number {
    return this.#uploads.size;
  }

  /** @returns the id */
  begin(upload: Omit<ResumableUpload, 'received'>): string {
    const id = randomUUID();
    this.#uploads.set(id, { ...upload, received: Buffer.alloc(0) });
    return id;
  }

  abandon(id: string): boolean {
    return this.#uploads.delete(id);
  }

  /** @param range the header Content-Range; where a `*` stands for the bytes, the client only asks how many there are */
  continue(id: string, range: string | undefined, data: Buffer): UploadStep {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return { kind: 'refused', status: 404, reason: 'no such upload' };
    const [, first, total] =
      /^bytes (?:(\d+)--?\d+|\*)\/(\d+|\*)$/.exec(range ?? `bytes 0-0/${data.length}`) ?? [];
    if (total === undefined)
      return { kind: 'refused', status: 400, reason: `invalid Content-Range ${range}` };
    if (first !== undefined) {
      const refused = this.#append(upload, Number(first), { data, isLast: total !== '*' });
      if (refused !== undefined) return refused;
    }
    if (total === '*' || upload.received.length < Number(total)) {
      return { kind: 'more', received: upload.received.length };
    }
    this.#uploads.delete(id);
    return { kind: 'whole', upload };
  }

  #append(
    upload: ResumableUpload,
    first: number,
    { data, isLast }: { readonly data: Buffer; readonly isLast: boolean },
  ): UploadStep | undefined {
    if (first > upload.received.length)
      return { kind: 'refused', status: 400, reason: 'a gap in the upload' };
    if (!isLast && data.length % chunkUnit !== 0) {
      return { kind: 'refused', status: 400, reason: 'a chunk that is no multiple of 256 KiB' };
    }
    upload.received = Buffer.concat([upload.received.subarray(0, first), data]);
    return undefined;
  }
}
