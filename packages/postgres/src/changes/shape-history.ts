import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { positionNumber, printPosition } from './log-position.js';
import type { PublishedColumn } from './published-relation.js';

/** Before every position of the stream: since when a table has had the first shape that is known. */
export const beginning = 0n;

/** A table's shape from a position on. */
export interface Shape {
  /**
   * The end of the transaction that first had it; `beginning` for what the catalog showed when the table was taken up; unset as
   * long as that transaction has not been committed.
   */
  position?: bigint;
  /** The last position at which the table was seen to have it. */
  seenAt: bigint;
  /** 0 where no table has the name any more. */
  readonly oid: number;
  readonly columns: readonly PublishedColumn[];
}

/** Of a table by its key. */
type PrintedTable = readonly [string, readonly PrintedShape[]];
type PrintedShape = readonly [
  position: string,
  seenAt: string,
  oid: number,
  columns: readonly PrintedColumn[],
];
/** Most have no typmod. */
type PrintedColumn = readonly [name: string, typeOid: number, typmod?: number];

/**
 * Which shape each table had at which position, by what the stream has announced. As a text it outlives the process: because
 * each shape has its position, a text that is younger than where somebody goes on does no harm.
 */
export class ShapeHistory {
  /** In the order of their positions, of which the first is `beginning`. */
  readonly #shapes: Map<string, Shape[]>;
  #uncommitted: Shape[] = [];
  #text: string | undefined;

  /**
   * @param first the tables that are wanted by their keys, as the catalog shows them
   * @param text of an earlier history: what it says of a table counts more than the catalog, which may have gone on since
   */
  constructor(first: ReadonlyMap<string, Shape>, text?: string) {
    const known = text === undefined ? undefined : readText(text);
    this.#shapes = new Map([...first].map(([key, shape]) => [key, known?.get(key) ?? [shape]]));
  }

  /** The last shape of each table. */
  *latest(): Generator<readonly [string, Shape]> {
    for (const [key, shapes] of this.#shapes) {
      const last = shapes.at(-1);
      if (last !== undefined) yield [key, last];
    }
  }

  last(key: string): Shape | undefined {
    return this.#shapes.get(key)?.at(-1);
  }

  /** It goes on at this position: what was announced behind it will be announced again. */
  rewind(from: bigint): void {
    this.#uncommitted = [];
    for (const [key, shapes] of this.#shapes) {
      const valid = shapes.filter(({ position }) => position !== undefined && position <= from);
      this.#shapes.set(key, valid);
    }
  }

  /** The table has another shape, in a transaction that is not committed yet. */
  add(key: string, shape: Shape): void {
    this.#shapes.get(key)?.push(shape);
    this.#uncommitted.push(shape);
  }

  /** The transaction ends here. */
  commit(position: bigint): void {
    if (this.#uncommitted.length === 0) return;
    for (const shape of this.#uncommitted) shape.position = position;
    this.#uncommitted = [];
    this.#text = undefined;
  }

  /**
   * For the constructor of another one. It stays the same text until there is another shape, so that it may be asked for often,
   * and is a few dozen KiB for thousands of columns.
   *
   * @param durable nobody will go on from before this position
   */
  text(durable: bigint): string {
    this.#text ??= printText(this.#shapes, durable);
    return this.#text;
  }
}

function printText(tables: ReadonlyMap<string, readonly Shape[]>, durable: bigint): string {
  const printed = [...tables]
    .map(([key, shapes]): PrintedTable => [key, stillNeeded(shapes, durable).map(printShape)])
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return deflateRawSync(JSON.stringify(printed)).toString('base64');
}

/** The shape at the position, which becomes the first one, and those behind it. */
function stillNeeded(shapes: readonly Shape[], durable: bigint): readonly Shape[] {
  const committed = shapes.filter(({ position }) => position !== undefined);
  const first = committed.findLastIndex(({ position = beginning }) => position <= durable);
  return committed
    .slice(Math.max(first, 0))
    .map((shape, index) => (index === 0 ? { ...shape, position: beginning } : shape));
}

function printShape({ position = beginning, seenAt, oid, columns }: Shape): PrintedShape {
  const printed = columns.map(({ name, typeOid, typmod }): PrintedColumn =>
    typmod === -1 ? [name, typeOid] : [name, typeOid, typmod],
  );
  return [printPosition(position), printPosition(seenAt), oid, printed];
}

function readText(text: string): ReadonlyMap<string, Shape[]> {
  const json = inflateRawSync(Buffer.from(text, 'base64')).toString();
  const tables = JSON.parse(json) as readonly PrintedTable[];
  return new Map(tables.map(([key, shapes]) => [key, shapes.map(readShape)]));
}

function readShape([position, seenAt, oid, columns]: PrintedShape): Shape {
  return {
    position: positionNumber(position),
    seenAt: positionNumber(seenAt),
    oid,
    columns: columns.map(([name, typeOid, typmod = -1]) => ({ name, typeOid, typmod })),
  };
}
