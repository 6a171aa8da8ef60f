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
  /** By which columns are there: '' for all of them. */
  readonly relations: Map<string, number>;
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

  /** The row's cells, or undefined where no handler wants its table. */
  cells(row: Pick<ScriptRow, 'kind' | 'table' | 'values'>, purpose: Purpose): CellsText | undefined {
    const route = this.#route(row.table, purpose);
    if (route === 'none') return undefined;
    const action = row.kind === 'delete' ? deleteCode : upsertCode;
    const { values } = row;
    if (values.includes(undefined)) return this.#partialCells(row, route, action);
    const relation = route.relations.get('') ?? this.#relation(row.table, route, undefined);
    return [relation, action, ...(values as (string | null)[])];
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
    const route = handler === undefined ? 'none' : { handler, relations: new Map<string, number>() };
    this.#routes[purpose].set(table, route);
    return route;
  }

  #partialCells(
    { table, values }: Pick<ScriptRow, 'table' | 'values'>,
    route: Route,
    action: number,
  ): CellsText {
    const present = table.columns.flatMap((_, index) => (values[index] === undefined ? [] : [index]));
    const relation = route.relations.get(present.join(',')) ?? this.#relation(table, route, present);
    return [relation, action, ...present.map((index) => values[index] as string | null)];
  }

  #relation(table: ScriptTable, route: Route, present: readonly number[] | undefined): number {
    const places = present ?? [...table.columns.keys()];
    const columns = places.map((index) => table.columns[index] as string);
    const views = this.#viewsOf(table);
    const shown = places.map((index) => views?.[index] ?? 'text');
    const id = this.#announce({
      handler: route.handler,
      schema: this.#names.schemaInScripts(table.name.schema),
      table: table.name.table,
      columns,
      key: this.#keyNames(table).flatMap((name) => (columns.includes(name) ? [columns.indexOf(name)] : [])),
      views: shown.some((view) => view !== 'text') ? shown : null,
    });
    route.relations.set(present?.join(',') ?? '', id);
    return id;
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
