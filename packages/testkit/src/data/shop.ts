import { ensureSchema, runAtOnce, runInTurn } from './fill.js';
import type { FilledTable, FillPlace } from './fill.js';
import { insertRows } from './shop-rows.js';
import type { RowSpan } from './shop-rows.js';
import { shopForeignKeys, shopKeys, shopSequences, shopTables, shopTypes } from './shop-schema.js';
import { shopSizes } from './shop-sizes.js';
import type { ShopSizes, ShopTable } from './shop-sizes.js';

export interface ShopOptions {
  /** 1 (the default) for one million rows in all. */
  readonly scale?: number;
  readonly seed?: number;
  readonly schema?: string;
  /** Told what has been done, in a few words, for whoever watches. */
  readonly onStep?: (step: string) => void;
}

/** Enough for a statement to be worth its round trip, little enough to keep both sessions busy to the end. */
const rowsPerStatement = 50_000;

/**
 * Makes a web shop's database in PostgreSQL 11 or later: nine tables with the usual types, keys and foreign keys, and
 * with the texts and NULLs that trip up copying. The same scale and seed give the same rows on every server; where
 * they lie on disk is left to the server.
 */
export async function createShop(url: string, options: ShopOptions = {}): Promise<FilledTable[]> {
  const place: FillPlace = { url, schema: options.schema ?? 'public', seed: options.seed ?? 1 };
  const step = options.onStep ?? (() => undefined);
  const sizes = shopSizes(options.scale ?? 1);
  const tables = Object.keys(sizes) as ShopTable[];
  await ensureSchema(place);
  await runInTurn(place, [...shopTypes, ...shopTables]);
  step(`created ${tables.length} tables`);
  await fillTables(place, sizes, step);
  await runAtOnce(place, shopKeys);
  await runInTurn(place, [...shopForeignKeys, ...shopSequences]);
  step(`added ${shopKeys.length} primary keys and ${shopForeignKeys.length} foreign keys`);
  await runAtOnce(
    place,
    tables.map((table) => `ANALYZE "${table}"`),
  );
  return tables.map((table) => ({ schema: place.schema, table, rows: sizes[table] }));
}

async function fillTables(place: FillPlace, sizes: ShopSizes, step: (step: string) => void): Promise<void> {
  for (const table of Object.keys(sizes) as ShopTable[]) {
    await runAtOnce(
      place,
      spans(sizes[table]).map((span) => insertRows(table, sizes, span)),
    );
    step(`filled ${table}: ${sizes[table].toLocaleString('en-US')} rows`);
  }
}

function spans(rows: number): RowSpan[] {
  return Array.from({ length: Math.ceil(rows / rowsPerStatement) }, (_, index) => ({
    from: index * rowsPerStatement + 1,
    to: Math.min(rows, (index + 1) * rowsPerStatement),
  }));
}
