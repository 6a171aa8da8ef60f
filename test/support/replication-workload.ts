import { seededRandom } from '@tsmolt/testkit';
import type { SeededRandom } from '@tsmolt/testkit';
import type { WorkloadDialect } from './replication-dialects.js';

/** The tables of the workload, all of which have to be equal in the end. */
export const workloadTables = [
  'accounts', 'badges', 'orders', 'order_items', 'documents', 'labels', 'readings', 'journal',
]; // prettier-ignore

export const accountCount = 40;
export const startBalance = 1000;
export const badgeCount = 30;
/** Keys of one writer, apart from those of the others. */
const idsOfWriter = 1_000_000_000;
const mostKept = 25;

/** The tables on the source, with what is in them before anybody writes. */
export function workloadSchema(dialect: WorkloadDialect): string[] {
  const { long, name } = dialect.types;
  const atOnce = dialect.deferrable ? ' DEFERRABLE INITIALLY IMMEDIATE' : '';
  const cascade = dialect.deferrable ? ' ON UPDATE CASCADE' : '';
  return [
    'CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)',
    `CREATE TABLE badges (id bigint PRIMARY KEY, code ${name} NOT NULL, spare ${name}, CONSTRAINT badges_code UNIQUE (code)${atOnce})`,
    `CREATE TABLE orders (id bigint PRIMARY KEY, reference ${name} NOT NULL, items int NOT NULL, note ${long}, CONSTRAINT orders_reference UNIQUE (reference))`,
    `CREATE TABLE order_items (order_id bigint NOT NULL, item int NOT NULL, amount numeric(12,2), what ${name}, PRIMARY KEY (order_id, item),
      CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id)${cascade})`,
    `CREATE TABLE documents (id bigint PRIMARY KEY, title ${name}, version int NOT NULL, body ${long})`,
    `CREATE TABLE labels (region ${name} NOT NULL, name ${name} NOT NULL, value ${long}, weight numeric(12,2), PRIMARY KEY (region, name))`,
    `CREATE TABLE readings (id bigint PRIMARY KEY, payload ${name}, seen int NOT NULL)`,
    `CREATE TABLE journal (tx bigint NOT NULL, half int NOT NULL, entry ${name}, PRIMARY KEY (tx, half))`,
    ...dialect.settle,
    `INSERT INTO accounts (id, balance) VALUES ${rows(accountCount, (id) => `(${id}, ${startBalance})`)}`,
    `INSERT INTO badges (id, code) VALUES ${rows(badgeCount, (id) => `(${id}, 'code ${id}')`)}`,
  ];
}

/** The constraints of the source on the target: none can be deferred, and each is in the way of a wrong order. */
export const targetConstraints = [
  'ALTER TABLE badges ADD CONSTRAINT badges_code UNIQUE (code)',
  'ALTER TABLE orders ADD CONSTRAINT orders_reference UNIQUE (reference)',
  'ALTER TABLE order_items ADD CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id) ON UPDATE CASCADE',
];

function rows(count: number, row: (id: number) => string): string {
  return Array.from({ length: count }, (_, index) => row(index + 1)).join(', ');
}

/** What a writer knows to be there, because nobody else touches its rows. */
interface OwnRows {
  orders: { id: number; reference: string; items: number[] }[];
  documents: number[];
  labels: { region: string; name: string }[];
}

export interface WorkloadTransaction {
  readonly statements: readonly string[];
  /** To be called with what became of it; `undefined` where nobody knows. */
  readonly settle: (committed: boolean | undefined) => void;
}

/** Makes the transactions of one writer, the same for the same seed and the same outcomes. */
export class WorkloadWriter {
  readonly #dialect: WorkloadDialect;
  readonly #random: SeededRandom;
  #own: OwnRows = { orders: [], documents: [], labels: [] };
  #next: number;

  constructor(dialect: WorkloadDialect, seed: number, writer: number) {
    this.#dialect = dialect;
    this.#random = seededRandom(seed * 1009 + writer);
    this.#next = (writer + 1) * idsOfWriter;
  }

  /** A few operations, some of which may be taken back, as one transaction. */
  transaction(): WorkloadTransaction {
    const before = structuredClone(this.#own);
    const statements: string[] = [];
    for (let left = 1 + this.#random.below(4); left > 0; left--) {
      if (this.#random.below(6) === 0) statements.push(...this.#savepoint());
      else statements.push(...this.#operation());
    }
    const commits = this.#random.below(10) > 0;
    return this.#settled(statements, commits, before);
  }

  /** So many rows at once, among other things that have to become visible with them. */
  large(change: 'insert' | 'update' | 'delete', count: number): WorkloadTransaction {
    const before = structuredClone(this.#own);
    return this.#settled(
      [
        ...this.#newOrder(),
        ...readings(change, count, this.#dialect),
        ...this.#transfer(),
        ...this.#newOrder(),
      ],
      true,
      before,
    );
  }

  #settled(work: readonly string[], commits: boolean, before: OwnRows): WorkloadTransaction {
    const tx = this.#id();
    const half = (number: number): string =>
      `INSERT INTO journal (tx, half, entry) VALUES (${tx}, ${number}, ${this.#text(`${tx}`)})`;
    return {
      statements: [this.#dialect.begin, half(1), ...work, half(2), commits ? 'COMMIT' : 'ROLLBACK'],
      settle: (committed) => {
        if (committed === undefined) this.#own = { orders: [], documents: [], labels: [] };
        else if (!committed || !commits) this.#own = before;
      },
    };
  }

  #savepoint(): string[] {
    const before = structuredClone(this.#own);
    const work = [...this.#operation(), ...this.#operation()];
    if (this.#random.below(2) === 0) return ['SAVEPOINT part', ...work, 'RELEASE SAVEPOINT part'];
    this.#own = before;
    return ['SAVEPOINT part', ...work, 'ROLLBACK TO SAVEPOINT part'];
  }

  #operation(): string[] {
    const operations: readonly [() => string[], ...(() => string[])[]] = [
      () => this.#transfer(),
      () => this.#transfer(),
      () => this.#newOrder(),
      () => this.#changeOrder(),
      () => this.#swapCodes(),
      () => this.#moveBadge(),
      () => this.#newDocument(),
      () => this.#changeDocument(),
      () => this.#newLabel(),
      () => this.#changeLabel(),
    ];
    return this.#random.pick(operations)();
  }

  #transfer(): string[] {
    const from = 1 + this.#random.below(accountCount);
    const to = 1 + ((from + this.#random.below(accountCount - 1)) % accountCount);
    const amount = this.#random.below(50);
    return [
      `UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from}`,
      `UPDATE accounts SET balance = balance + ${amount} WHERE id = ${to}`,
    ];
  }

  #newOrder(): string[] {
    const id = this.#id();
    const order = { id, reference: `ref ${id}`, items: [] as number[] };
    for (let item = 1 + this.#random.below(4); item > 0; item--) order.items.push(item);
    this.#own.orders.push(order);
    const drop = this.#own.orders.length > mostKept ? this.#dropOrder() : [];
    return [...drop, ...this.#insertOrder(order)];
  }

  #insertOrder({ id, reference, items }: OwnRows['orders'][number]): string[] {
    const note = this.#random.below(3) === 0 ? 'NULL' : this.#text('note');
    return [
      `INSERT INTO orders (id, reference, items, note) VALUES (${id}, '${reference}', ${items.length}, ${note})`,
      ...this.#insertItems(id, items),
    ];
  }

  #insertItems(order: number, items: readonly number[]): string[] {
    if (items.length === 0) return [];
    const values = items.map(
      (item) => `(${order}, ${item}, ${this.#number()}, ${this.#text(`item ${item}`)})`,
    );
    return [`INSERT INTO order_items (order_id, item, amount, what) VALUES ${values.join(', ')}`];
  }

  /** Of the order and of what belongs to it, in the ways in which applications do such things. */
  #changeOrder(): string[] {
    const order = this.#some(this.#own.orders);
    if (order === undefined) return this.#newOrder();
    const { id, items } = order;
    switch (this.#random.below(this.#dialect.deferrable ? 6 : 5)) {
      case 0: {
        const item = Math.max(0, ...items) + 1;
        items.push(item);
        return [`UPDATE orders SET items = items + 1 WHERE id = ${id}`, ...this.#insertItems(id, [item])];
      }
      case 1: {
        this.#own.orders = this.#own.orders.filter((one) => one !== order);
        return deletionOf(id);
      }
      case 2:
        // The same key and the same unique value again, within one transaction.
        return [...deletionOf(id), ...this.#insertOrder(order)];
      case 3: {
        order.id = this.#id();
        return [
          `DELETE FROM order_items WHERE order_id = ${id}`,
          `UPDATE orders SET id = ${order.id} WHERE id = ${id}`,
          ...this.#insertItems(order.id, items),
        ];
      }
      case 4:
        return this.#exchangeReferences(order);
      default: {
        order.id = this.#id();
        return [`UPDATE orders SET id = ${order.id} WHERE id = ${id}`];
      }
    }
  }

  #exchangeReferences(order: OwnRows['orders'][number]): string[] {
    const other = this.#some(this.#own.orders.filter((one) => one !== order));
    if (other === undefined) return [];
    [order.reference, other.reference] = [other.reference, order.reference];
    const set = (id: number, reference: string): string =>
      `UPDATE orders SET reference = '${reference}' WHERE id = ${id}`;
    return [
      set(order.id, `between ${this.#id()}`),
      set(other.id, other.reference),
      set(order.id, order.reference),
    ];
  }

  #dropOrder(): string[] {
    const order = this.#own.orders.shift();
    return order === undefined ? [] : deletionOf(order.id);
  }

  /** Two rows exchange a unique value: by way of another one, or at once where the source checks it afterwards. */
  #swapCodes(): string[] {
    const one = 1 + this.#random.below(badgeCount);
    const other = 1 + ((one + this.#random.below(badgeCount - 1)) % badgeCount);
    const valueOf = (column: string, id: number): string =>
      `(SELECT ${column} FROM (SELECT * FROM badges) b WHERE b.id = ${id})`;
    if (this.#dialect.deferrable && this.#random.below(2) === 0) {
      return [
        `UPDATE badges SET code = CASE id WHEN ${one} THEN ${valueOf('code', other)} ELSE ${valueOf('code', one)} END
          WHERE id IN (${one}, ${other})`,
      ];
    }
    return [
      `UPDATE badges SET spare = code, code = 'between ${this.#id()}' WHERE id = ${one}`,
      `UPDATE badges SET spare = code, code = ${valueOf('spare', one)} WHERE id = ${other}`,
      `UPDATE badges SET code = ${valueOf('spare', other)} WHERE id = ${one}`,
    ];
  }

  /** A row gets another key and back again, or its unique value goes on to a new row. */
  #moveBadge(): string[] {
    const id = 1 + this.#random.below(badgeCount);
    const away = this.#id();
    const move = `UPDATE badges SET id = ${away} WHERE id = ${id}`;
    if (this.#random.below(2) === 0) {
      return [
        ...[move, `UPDATE badges SET spare = NULL WHERE id = ${away}`],
        `UPDATE badges SET id = ${id} WHERE id = ${away}`,
      ];
    }
    const gone = `gone ${away}`;
    return [
      `UPDATE badges SET spare = code, code = '${gone}' WHERE id = ${id}`,
      move,
      `INSERT INTO badges (id, code) SELECT ${id}, spare FROM (SELECT * FROM badges) b WHERE b.id = ${away}`,
      `DELETE FROM badges WHERE id = ${away}`,
    ];
  }

  #newDocument(): string[] {
    const id = this.#id();
    this.#own.documents.push(id);
    const drop = this.#own.documents.length > mostKept ? this.#own.documents.shift() : undefined;
    return [
      ...(drop === undefined ? [] : [`DELETE FROM documents WHERE id = ${drop}`]),
      `INSERT INTO documents (id, title, version, body) VALUES (${id}, ${this.#text('title')}, 0, ${this.#body(id)})`,
    ];
  }

  #changeDocument(): string[] {
    const id = this.#some(this.#own.documents);
    if (id === undefined) return this.#newDocument();
    switch (this.#random.below(5)) {
      case 0:
        return [`UPDATE documents SET body = ${this.#body(this.#id())} WHERE id = ${id}`];
      case 1: {
        const other = this.#id();
        this.#own.documents = this.#own.documents.map((one) => (one === id ? other : one));
        return [`UPDATE documents SET id = ${other}, version = version + 1 WHERE id = ${id}`];
      }
      case 2:
        this.#own.documents = this.#own.documents.filter((one) => one !== id);
        return [`DELETE FROM documents WHERE id = ${id}`];
      default:
        return [
          `UPDATE documents SET title = ${this.#text('title')}, version = version + 1 WHERE id = ${id}`,
        ];
    }
  }

  #newLabel(): string[] {
    const label = { region: this.#text('region'), name: this.#text(`${this.#id()}`) };
    this.#own.labels.push(label);
    const drop = this.#own.labels.length > mostKept ? this.#own.labels.shift() : undefined;
    return [
      ...(drop === undefined ? [] : [`DELETE FROM labels WHERE ${at(drop)}`]),
      `INSERT INTO labels (region, name, value, weight) VALUES (${label.region}, ${label.name}, ${this.#orNull()}, ${this.#number()})`,
    ];
  }

  #changeLabel(): string[] {
    const label = this.#some(this.#own.labels);
    if (label === undefined) return this.#newLabel();
    if (this.#random.below(3) > 0) {
      return [`UPDATE labels SET value = ${this.#orNull()}, weight = ${this.#number()} WHERE ${at(label)}`];
    }
    const before = { ...label };
    label.region = this.#text('region');
    return [`UPDATE labels SET region = ${label.region} WHERE ${at(before)}`];
  }

  #id(): number {
    this.#next += 1;
    return this.#next;
  }

  #some<One>(all: readonly One[]): One | undefined {
    return all[this.#random.below(all.length)];
  }

  #body(about: number): string {
    return this.#random.below(8) === 0
      ? 'NULL'
      : `repeat(${this.#dialect.hash(`'${about}'`)}, ${90 + this.#random.below(400)})`;
  }

  #number(): string {
    return this.#random.below(5) === 0 ? 'NULL' : `${this.#random.below(100_000) / 100}`;
  }

  #orNull(): string {
    return this.#random.below(3) === 0 ? 'NULL' : this.#text('value');
  }

  /** What is easily spoilt on its way: quotes, backslashes, separators, braces, line breaks, emoji, and the empty text. */
  #text(about: string): string {
    const marks = ["'", '"', '\\', ',', '{}', '\t', '\n', '😀', '👩‍👩‍👧', 'ß', 'é', 'NULL', '\\N', ''] as const;
    return this.#dialect.literal(`${this.#random.pick(marks)}${about}${this.#random.pick(marks)}`);
  }
}

function deletionOf(id: number): string[] {
  return [`DELETE FROM order_items WHERE order_id = ${id}`, `DELETE FROM orders WHERE id = ${id}`];
}

function at({ region, name }: OwnRows['labels'][number]): string {
  return `region = ${region} AND name = ${name}`;
}

const digits =
  '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';

/** All engines can cross five digits. */
function readings(
  change: 'insert' | 'update' | 'delete',
  count: number,
  { hash }: WorkloadDialect,
): string[] {
  if (change === 'update') return [`UPDATE readings SET seen = seen + 1 WHERE id < ${count}`];
  if (change === 'delete') return [`DELETE FROM readings WHERE id < ${count}`];
  const number = 'a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d';
  return [
    `INSERT INTO readings (id, payload, seen) SELECT ${number}, concat('reading ', ${hash(`concat('', ${number})`)}), 0
      FROM ${digits} a, ${digits} b, ${digits} c, ${digits} e, ${digits} f WHERE ${number} < ${count}`,
  ];
}
