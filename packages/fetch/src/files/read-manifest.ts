import { text } from 'node:stream/consumers';
import { TsmoltError } from '@tsmolt/core';
import type { ObjectStore, Table } from '@tsmolt/core';
import { z } from 'zod';
import { manifestName } from './manifest-name.js';

const fileSchema = z.object({
  name: z.string().min(1),
  shard: z.int().min(1),
  part: z.int().min(1),
  rows: z.int().min(0),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const keySchema = z.object({ name: z.string(), columns: z.array(z.string()) });

/** Types and the rest of a column are the catalog's own nouns: what is missing there shows when they are compared. */
const columnSchema = z.looseObject({
  name: z.string(),
  type: z.looseObject({ kind: z.string() }),
  nativeType: z.string(),
  nullable: z.boolean(),
});

const tableSchema = z.object({
  schema: z.string(),
  table: z.string(),
  /** In the order of the fields of a row. */
  columns: z.array(columnSchema),
  primary_key: keySchema.optional(),
  /** `csv`: NULL is an empty field without quotes; `csv-marked-null`: NULL is \N. */
  format: z.enum(['csv', 'csv-marked-null']),
  rows: z.int().min(0),
  files: z.array(fileSchema),
});

const manifestSchema = z.object({
  version: z.literal(1),
  fetch_id: z.uuid(),
  source: z.string(),
  exported_at: z.string(),
  cdc_cursor: z.string(),
  compression: z.enum(['gzip', 'none']),
  tables: z.array(tableSchema),
});

/** What an export consists of, so that another machine at another time can load it and prove that it is whole. */
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestTable = z.infer<typeof tableSchema>;

/**
 * @returns undefined where the store has no manifest
 * @throws TsmoltError `TSM6002` for one that is not whole, naming the path inside it
 */
export async function readManifest(store: ObjectStore): Promise<Manifest | undefined> {
  const keys = await store.list(manifestName);
  if (!keys.includes(manifestName)) return undefined;
  const content = await text(await store.get(manifestName));
  const parsed = manifestSchema.safeParse(parseJson(content, store));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(
    store,
    `${z.core.toDotPath(issue?.path ?? [])}: ${issue?.message ?? 'not what it should be'}`,
  );
}

function parseJson(content: string, store: ObjectStore): unknown {
  try {
    return JSON.parse(content);
  } catch (thrown) {
    throw damaged(store, String(thrown));
  }
}

function damaged(store: ObjectStore, reason: string): TsmoltError {
  return new TsmoltError('TSM6002', {
    message: `${manifestName} in ${store.description} cannot be used: ${reason}`,
    advice:
      'Export again; or remove it, and the files are read as they lie there, without a check of their rows.',
  });
}

/** The table as the manifest knows it. */
export function tableOf(described: ManifestTable): Table {
  const { primary_key: primaryKey } = described;
  return {
    name: { schema: described.schema, table: described.table },
    // What the schema let through is what `describe` wrote: columns of a catalog.
    columns: described.columns as unknown as Table['columns'],
    ...(primaryKey === undefined ? {} : { primaryKey }),
    uniqueKeys: [],
    foreignKeys: [],
    checks: [],
    indexedColumns: [],
    partitioned: false,
    readable: true,
    estimate: {
      rows: described.rows,
      bytes: described.files.reduce((sum, file) => sum + file.bytes, 0),
    },
  };
}
