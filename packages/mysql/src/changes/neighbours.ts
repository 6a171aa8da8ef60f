import { tokensOf } from './statement-tokens.js';
import { writtenDatabases } from './write-target.js';
import type { NamedTable } from './write-target.js';

/** A statement that changes rows in statement format, of another database as far as it says. */
export interface ForeignStatement {
  /** The session's own. */
  readonly database: string;
  /** What it writes to; undefined where that is not sure. */
  readonly target?: NamedTable;
  /** All that may be names in it. */
  readonly names: readonly string[];
  /** Databases that it writes to, or calls. */
  readonly written: readonly string[];
  /** Those that stand before a parenthesis. */
  readonly calls: readonly string[];
}

/** What the server does beyond what a statement says. */
export interface Program {
  readonly kind: 'trigger' | 'routine' | 'view';
  readonly schema: string;
  readonly name: string;
  /** Null where the user may not see it. */
  readonly body: string | null;
}

export interface Programs {
  /** Routines of the replicated database, triggers and routines of the others, and views of theirs that can be written to. */
  readonly found: readonly Program[];
  /** Whether these are all that there are. */
  readonly complete: boolean;
}

export interface NeighboursOptions {
  /** The replicated one. */
  readonly database: string;
  readonly foldsCase: boolean;
  read(): Promise<Programs>;
  warn(message: string): void;
  /** Milliseconds, from anywhere. */
  now(): number;
}

/** What is known of the other databases, made ready for the question. */
interface Known {
  readonly readAt: number;
  readonly complete: boolean;
  /** By database: what in it writes to the replicated one, or to one from which that is reached. */
  readonly reaching: ReadonlyMap<string, string>;
  /** Names of the replicated database's own routines, in lower case. */
  readonly routines: ReadonlySet<string>;
  readonly views: readonly Program[];
}

/** Programs that are made, altered or dropped are in the log: this is for sessions that do not write into it. */
const rememberedMs = 10 * 60_000;

/**
 * Tells whether a statement of another database may change rows of the replicated one, by what the catalog says now of triggers,
 * routines and views. The answer is remembered: a busy neighbour may have thousands of such statements.
 */
export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #warned = new Set<string>();
  #known: Known | undefined;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** A program was made, altered or dropped. */
  forget(): void {
    this.#known = undefined;
  }

  /** @returns why the statement may have changed rows of the replicated database, for a message; a promise where the catalog has to be asked */
  reason(statement: ForeignStatement): string | undefined | Promise<string | undefined> {
    const known = this.#known;
    if (known !== undefined && this.#options.now() - known.readAt < rememberedMs)
      return this.#judge(statement, known);
    return this.#learn().then((learned) => this.#judge(statement, learned));
  }

  async #learn(): Promise<Known> {
    const readAt = this.#options.now();
    const { found, complete } = await this.#options.read();
    const ours = this.#folded(this.#options.database);
    this.#known = {
      readAt,
      complete,
      reaching: this.#reaching(
        found.filter(({ kind, schema }) => kind !== 'view' && this.#folded(schema) !== ours),
      ),
      routines: new Set(
        found
          .filter(({ kind, schema }) => kind === 'routine' && this.#folded(schema) === ours)
          .map(({ name }) => name.toLowerCase()),
      ),
      views: found.filter(({ kind }) => kind === 'view'),
    };
    return this.#known;
  }

  /** One database may call what another one has. */
  #reaching(programs: readonly Program[]): Map<string, string> {
    const { database } = this.#options;
    const reaching = new Map<string, string>();
    const named = programs.map((program) => ({ ...program, written: this.#writtenBy(program) }));
    const reached = [database];
    for (let next = reached.pop(); next !== undefined; next = reached.pop()) {
      for (const { kind, schema, name, written } of named) {
        if (!written.has(this.#folded(next)) || reaching.has(this.#folded(schema))) continue;
        reaching.set(this.#folded(schema), `the ${kind} ${schema}.${name} writes to ${next}`);
        reached.push(schema);
      }
    }
    return reaching;
  }

  #judge(statement: ForeignStatement, known: Known): string | undefined {
    const { database, target, names, written, calls } = statement;
    const ours = this.#folded(this.#options.database);
    const concerned = new Set([database, ...written].map((name) => this.#folded(name)));
    for (const name of concerned) if (known.reaching.has(name)) return known.reaching.get(name);
    const called = concerned.has(ours) && calls.find((name) => known.routines.has(name.toLowerCase()));
    if (called) return `it may call the routine ${this.#options.database}.${called}`;
    const mayBe = (view: Program): boolean =>
      target === undefined
        ? names.some((name) => this.#same(name, view.name))
        : this.#same(target.table, view.name) && this.#same(target.database, view.schema);
    const view = known.views.find((one) => mayBe(one) && this.#looksInto(one, known));
    if (view !== undefined) return `${view.schema}.${view.name} is a view that rows are written through`;
    if (!known.complete) this.#warn(target?.database ?? database);
    return undefined;
  }

  /** A view may be one of another view. */
  #looksInto(view: Program, { views }: Known): boolean {
    if (view.body === null || view.body === '') return true;
    const names = new Set(tokensOf(view.body).map(({ text }) => this.#folded(text)));
    if (names.has(this.#folded(this.#options.database))) return true;
    return views.some((other) => other !== view && names.has(this.#folded(other.name)));
  }

  #warn(database: string): void {
    if (this.#warned.has(database)) return;
    this.#warned.add(database);
    this.#options.warn(
      `changes of database ${database} are in statement format, and whether triggers or routines take some of them into ` +
        `${this.#options.database} cannot be known: the user of --sourceConn does not see them all. Rows that come so are not carried. ` +
        'GRANT SELECT, TRIGGER ON *.* TO the user, or set binlog_format=ROW for the sessions that write there.',
    );
  }

  #writtenBy({ schema, body }: Program): ReadonlySet<string> {
    return new Set(writtenDatabases(tokensOf(body ?? ''), schema).map((name) => this.#folded(name)));
  }

  #same(left: string, right: string): boolean {
    return this.#folded(left) === this.#folded(right);
  }

  #folded(name: string): string {
    return this.#options.foldsCase ? name.toLowerCase() : name;
  }
}
