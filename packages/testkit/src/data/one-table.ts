import { ensureSchema, runAtOnce, runInTurn } from './fill.js';
import type { FilledTable, FillPlace } from './fill.js';

export interface OneTableOptions {
  readonly rows: number;
  readonly seed?: number;
  readonly schema?: string;
}

/** A table and the SQL expression for each of its columns in row `i`. */
export interface TableRecipe {
  readonly table: string;
  readonly columns: readonly { readonly declaration: string; readonly value: string }[];
  /** Run after CREATE TABLE. */
  readonly settings?: readonly string[];
  readonly rowsPerStatement?: number;
}

/** Makes a table and fills it on the server; the same seed gives the same rows. */
export async function fillOneTable(
  url: string,
  options: OneTableOptions,
  recipe: TableRecipe,
): Promise<FilledTable> {
  const { table, columns } = recipe;
  const { rows, seed = 1, schema = 'public' } = options;
  const place: FillPlace = { url, schema, seed };
  await ensureSchema(place);
  const declarations = columns.map((column) => column.declaration).join(', ');
  await runInTurn(place, [`CREATE TABLE ${table} (${declarations})`, ...(recipe.settings ?? [])]);
  const step = recipe.rowsPerStatement ?? 50_000;
  const values = columns.map((column) => column.value).join(', ');
  const inserts = Array.from({ length: Math.ceil(rows / step) }, (_, index) => {
    const last = Math.min(rows, (index + 1) * step);
    return `INSERT INTO ${table} SELECT ${values} FROM generate_series(${index * step + 1}::bigint, ${last}) AS i`;
  });
  await runAtOnce(place, inserts);
  await runInTurn(place, [`ANALYZE ${table}`]);
  return { schema, table, rows };
}
