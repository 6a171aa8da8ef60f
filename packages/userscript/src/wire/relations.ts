import { TsmoltError } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import type { ColumnView, ScriptRow, ScriptTable, ScriptValue } from '../rows.js';
import type { TargetNames } from '../target.js';
import { deleteCode, upsertCode } from './messages.js';
import type { CellsText, Phase, RegisteredText, RelationText } from './messages.js';

/** What rows go to the sandbox for: the handlers of a phase, or `onWrite`. */
export type Purpose = Phase | 'write';

/** How the rows of one `ScriptTable` go to the sandbox in one phase. */
interface Route {
  readonly handler: number;
  /** Of rows with all columns. */
  whole: SeenAs | undefined;
  /** Of others, by which columns are there. */
  readonly partial: Map<string, SeenAs>;
}

/** The shape in which the sandbox sees a row. */
export interface SeenAs {
  readonly relation: number;
  readonly columns: readonly string[];
  /** Places of the values that it sees; undefined for all. */
  readonly places: readonly number[] | undefined;
}

/**
 * Turns rows into the texts that cross, and remembers which shapes the sandbox knows.
 *
 * Texts must be sent in the order in which they were made: a shape is announced once.
 */
export class Relations {
  readonly #registered: RegisteredText;
  readonly #names: TargetNames;
  readonly #file: string;
  readonly #routes: Readonly<Record<Purpose, WeakMap<ScriptTable, Route | 'none'>>> = {
    schema: new WeakMap(),
    tables: new WeakMap(),
    write: new WeakMap(),
  };
  /** By content: whoever makes a new `ScriptTable` for each batch does not fill the sandbox with shapes. */
  readonly #ids = new Map<string, number>();
  #unannounced: RelationText[] = [];

  constructor(registered: RegisteredText, names: TargetNames, file: string) {
    this.#registered = registered;
    this.#names = names;
    this.#file = file;
  }

  /** The row's shape, or undefined where no handler wants its table. */
  seenAs({ table, values }: Pick<ScriptRow, 'table' | 'values'>, purpose: Purpose): SeenAs | undefined {
    const route = this.#route(table, purpose);
    if (route === 'none') return undefined;
    if (!values.includes(undefined)) return (route.whole ??= this.#relation(table, route, undefined));
    const present = table.columns.flatMap((_, index) => (values[index] === undefined ? [] : [index]));
    const known = route.partial.get(present.join(',')) ?? this.#relation(table, route, present);
    route.partial.set(present.join(','), known);
    return known;
  }

  /** The row's cells, or undefined where no handler wants its table. */
  cells(row: Pick<ScriptRow, 'kind' | 'table' | 'values'>, purpose: Purpose): CellsText | undefined {
    const seen = this.seenAs(row, purpose);
    return seen && [seen.relation, actionOf(row), ...valuesSeen(row, seen)];
  }

  /** Cells of values that belong to no handler: what a row was before. */
  plainCells(columns: readonly string[], values: readonly ScriptValue[], like: ScriptTable): CellsText {
    const present = columns.flatMap((name, index) => (values[index] === undefined ? [] : [{ name, index }]));
    const views = present.map(({ name }) => this.#viewsOf(like)?.[like.columns.indexOf(name)] ?? 'text');
    const relation = this.#announce({
      handler: -1,
      schema: '',
      table: '',
      columns: present.map(({ name }) => name),
      key: [],
      views: views.some((view) => view !== 'text') ? views : null,
    });
    return [relation, upsertCode, ...present.map(({ index }) => values[index] as string | null)];
  }

  /** Shapes that the sandbox does not know yet. Send them with the next text. */
  takeUnannounced(): readonly RelationText[] {
    const texts = this.#unannounced;
    this.#unannounced = [];
    return texts;
  }

  /**
   * Which registration handles a table for a purpose.
   * @throws TsmoltError `TSM1006` where a script names it twice in different words
   */
  handlerOf(name: TableName, purpose: Purpose): number | undefined {
    const { schemas, tables } = this.#registered;
    const texts =
      purpose === 'schema'
        ? schemas.map((text) => this.#names.meansSchema(text, name.schema))
        : tables.map(
            ({ names, shapes, writes }) =>
              (purpose === 'write' ? writes : shapes) &&
              names.some((text) => this.#names.meansTable(text, name)),
          );
    const found = texts.flatMap((means, index) => (means ? [index] : []));
    if (found.length <= 1) return found[0];
    throw new TsmoltError('TSM1006', {
      message: `${this.#file}: ${String(found.length)} registrations mean ${name.schema}.${name.table}`,
      advice: 'Name each schema and each table once, with or without the names before it.',
    });
  }

  #route(table: ScriptTable, purpose: Purpose): Route | 'none' {
    const known = this.#routes[purpose].get(table);
    if (known !== undefined) return known;
    const handler = this.handlerOf(table.name, purpose);
    const route: Route | 'none' =
      handler === undefined ? 'none' : { handler, whole: undefined, partial: new Map<string, SeenAs>() };
    this.#routes[purpose].set(table, route);
    return route;
  }

  #relation(table: ScriptTable, { handler }: Route, places: readonly number[] | undefined): SeenAs {
    const columns = places?.map((index) => table.columns[index] as string) ?? table.columns;
    const views = this.#viewsOf(table);
    const shown = (places ?? [...table.columns.keys()]).map((index) => views?.[index] ?? 'text');
    const relation = this.#announce({
      handler,
      schema: this.#names.schemaInScripts(table.name.schema),
      table: table.name.table,
      columns,
      key: this.#keyNames(table).flatMap((name) => (columns.includes(name) ? [columns.indexOf(name)] : [])),
      views: shown.some((view) => view !== 'text') ? shown : null,
    });
    return { relation, columns, places };
  }

  #announce(text: Omit<RelationText, 'id'>): number {
    const content = JSON.stringify(text);
    const known = this.#ids.get(content);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(content, id);
    this.#unannounced.push({ id, ...text });
    return id;
  }

  /** The target's key, where the row has its columns; else what the row says. */
  #keyNames(table: ScriptTable): readonly string[] {
    const target = this.#names.find(table.name)?.key ?? [];
    const fits = target.length > 0 && target.every((name) => table.columns.includes(name));
    return fits ? target : table.key.map((index) => table.columns[index] as string);
  }

  #viewsOf(table: ScriptTable): readonly ColumnView[] | undefined {
    if (table.views !== undefined) return table.views;
    const views = this.#names.find(table.name)?.views;
    return (
      views && table.columns.map((name) => (Object.hasOwn(views, name) ? (views[name] ?? 'text') : 'text'))
    );
  }
}

export function actionOf({ kind }: Pick<ScriptRow, 'kind'>): number {
  return kind === 'delete' ? deleteCode : upsertCode;
}

/** The values that the sandbox sees of a row. */
export function valuesSeen(
  { values }: Pick<ScriptRow, 'values'>,
  { places }: SeenAs,
): readonly (string | null)[] {
  return (places?.map((index) => values[index]) ?? values) as readonly (string | null)[];
}
