import { tokensOf } from './statement-tokens.js';
import type { ForeignStatement } from './neighbours.js';
import type { Token } from './statement-tokens.js';
import { unreadable, writeTarget, writtenDatabases } from './write-target.js';

/** What a statement in the binary log means for a stream of row changes. */
export type StatementMeaning =
  | { readonly kind: 'begin' | 'commit' | 'rollback' | 'rollback to savepoint' | 'nothing' }
  | { readonly kind: 'xa start' | 'xa commit' | 'xa rollback'; readonly xid: string }
  /** Changes shapes, or all rows of tables at once. `tables` are wanted ones. */
  | {
      readonly kind: 'ddl' | 'truncate';
      readonly tables: readonly string[];
      /** Makes a table that was not there, and nothing else. */
      readonly creates?: true;
      /** Rows go, or others take their place, and no change of rows says so. */
      readonly replacesRows?: true;
    }
  /** Makes, alters or drops a trigger, a routine or a view. */
  | { readonly kind: 'program' }
  /** Changes rows in statement format, of a wanted table or perhaps of one. */
  | { readonly kind: 'rows'; readonly table: string }
  /** Changes rows in statement format, of other databases as far as it says. */
  | ({ readonly kind: 'foreign rows' } & ForeignStatement);

/** What is known of the tables that are wanted. */
export interface WantedNames {
  readonly database: string;
  readonly tables: readonly string[];
  /** Names are compared without regard to case (`lower_case_table_names`). */
  readonly foldsCase: boolean;
}

/**
 * Reads a statement. Where it cannot be told which tables it is about, it is about all that it names anywhere; nothing that
 * concerns a wanted table is taken for nothing.
 *
 * @param database the session's own
 */
export function meaningOf(statement: string, database: string, wanted: WantedNames): StatementMeaning {
  const short = control.get(statement) ?? control.get(statement.trim().toUpperCase());
  if (short !== undefined) return { kind: short };
  const reading = new Reading(tokensOf(statement), database, wanted);
  const [first = '', second = ''] = reading.words;
  switch (first) {
    case 'XA':
      return transactionBranch(statement, second);
    case 'SAVEPOINT':
    case 'RELEASE':
      return { kind: 'nothing' };
    case 'ROLLBACK':
      return { kind: second === 'TO' ? 'rollback to savepoint' : 'rollback' };
    case 'CREATE':
    case 'ALTER':
    case 'DROP':
    case 'RENAME':
    case 'TRUNCATE':
      return definition(reading);
    default:
      return rowStatements.has(first) ? reading.rows() : { kind: 'nothing' };
  }
}

const control = new Map<string, 'begin' | 'commit' | 'rollback'>([
  ['BEGIN', 'begin'],
  ['START TRANSACTION', 'begin'],
  ['COMMIT', 'commit'],
  ['ROLLBACK', 'rollback'],
]);

const rowStatements: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'WITH', 'CALL', 'SELECT', 'DO', 'IMPORT', 'TABLE', 'VALUES']); // prettier-ignore

/** `XA COMMIT X'7831',X'',1` */
function transactionBranch(statement: string, verb: string): StatementMeaning {
  const xid = /X'([\da-f]*)',\s*X'([\da-f]*)',\s*(\d+)/i.exec(statement);
  const name = xid === null ? statement : xidName(xid[1] ?? '', xid[2] ?? '', Number(xid[3]));
  switch (verb) {
    case 'START':
    case 'BEGIN':
      return { kind: 'xa start', xid: name };
    case 'COMMIT':
      return { kind: 'xa commit', xid: name };
    case 'ROLLBACK':
      return { kind: 'xa rollback', xid: name };
    default:
      return { kind: 'nothing' };
  }
}

/** One text for one branch, as statements write it. */
export function xidName(gtridHex: string, bqualHex: string, format: number): string {
  return `X'${gtridHex.toLowerCase()}',X'${bqualHex.toLowerCase()}',${format}`;
}

/** What stands between a verb and the kind of thing that it is about. */
const modifiers: ReadonlySet<string> = new Set(['OR', 'REPLACE', 'ONLINE', 'OFFLINE', 'IGNORE', 'UNIQUE', 'FULLTEXT', 'SPATIAL']); // prettier-ignore

function definition(reading: Reading): StatementMeaning {
  const [verb = '', ...rest] = reading.words;
  const offset = rest.findIndex((word) => !modifiers.has(word));
  const what = rest[offset] ?? '';
  const after = offset + 2;
  if (what === 'TEMPORARY') return { kind: 'nothing' };
  if (verb === 'TRUNCATE') return reading.named('truncate', what === 'TABLE' ? after : 1);
  switch (what) {
    case 'TABLE':
    case 'TABLES':
      return ofTable(reading.named('ddl', after), [verb, ...rest.slice(0, offset)], reading.movesPartition);
    case 'INDEX':
      return reading.everywhere('ddl');
    case 'DATABASE':
    case 'SCHEMA':
      return reading.ofDatabase(verb);
    case 'VIEW':
    case 'ALGORITHM':
    case 'SQL':
    case 'DEFINER':
    case 'TRIGGER':
    case 'PROCEDURE':
    case 'FUNCTION':
    case 'AGGREGATE':
    case 'PACKAGE':
      return { kind: 'program' };
    case 'EVENT':
    case 'USER':
    case 'ROLE':
    case 'SERVER':
    case 'RESOURCE':
    case 'TABLESPACE':
    case 'UNDO':
    case 'LOGFILE':
    case 'INSTANCE':
    case 'LIBRARY':
    case 'CATALOG':
      return { kind: 'nothing' };
    default:
      return reading.everywhere('ddl');
  }
}

/** @param verbs what stands before TABLE: `CREATE`, `CREATE OR REPLACE` */
function ofTable(
  meaning: StatementMeaning,
  verbs: readonly string[],
  movesPartition: boolean,
): StatementMeaning {
  if (meaning.kind !== 'ddl') return meaning;
  const [verb] = verbs;
  if (verb === 'CREATE' && !verbs.includes('REPLACE')) return { ...meaning, creates: true };
  const replaces = verb === 'ALTER' ? movesPartition : verb !== 'RENAME' || meaning.tables.length > 1;
  return replaces ? { ...meaning, replacesRows: true } : meaning;
}

/** A statement's tokens and what of it concerns the tables that are wanted. */
class Reading {
  readonly #tokens: readonly Token[];
  readonly #database: string;
  readonly #wanted: WantedNames;

  constructor(tokens: readonly Token[], database: string, wanted: WantedNames) {
    this.#tokens = tokens;
    this.#database = database;
    this.#wanted = wanted;
  }

  /** Words that are no names, in upper case; for a quoted name the empty text. */
  get words(): string[] {
    return this.#tokens.slice(0, 6).map(({ text, quoted }) => (quoted ? '' : text.toUpperCase()));
  }

  /**
   * The tables of a list that begins at a token: `a, db.b TO c`; and of all that follows what stands behind RENAME, TO, AS,
   * WITH TABLE and EXISTS.
   */
  named(kind: 'ddl' | 'truncate', start: number): StatementMeaning {
    const found = new Set<string>();
    let expected = true;
    for (let at = start; at < this.#tokens.length; at++) {
      at = this.#behindParentheses(at);
      const word = this.#wordAt(at);
      if (beforeNames.has(word)) expected = true;
      else if (expected && !passedOver.has(word)) {
        const { table, next } = this.#nameAt(at);
        if (table !== undefined) found.add(table);
        at = next - 1;
        // A list goes on after a comma.
        expected = false;
      }
    }
    return this.#meaning(kind, [...found]);
  }

  /** In parentheses are columns. */
  #behindParentheses(start: number): number {
    let at = start;
    for (let depth = 0; ; at++) {
      const word = this.#wordAt(at);
      if (word === '(') depth += 1;
      if (depth === 0 || at >= this.#tokens.length) return at;
      if (word === ')') depth -= 1;
    }
  }

  /** In upper case; empty for a quoted name. */
  #wordAt(at: number): string {
    const token = this.#tokens[at];
    return token === undefined || token.quoted ? '' : token.text.toUpperCase();
  }

  /** Whether rows go or come with a partition, or with a file of the table's. */
  get movesPartition(): boolean {
    return this.#tokens.some(
      (_, at) =>
        (movingVerbs.has(this.#wordAt(at)) && /^(PARTITION|TABLE)$/.test(this.#wordAt(at + 1))) ||
        this.#wordAt(at) === 'TABLESPACE',
    );
  }

  /** The tables that are named anywhere. */
  everywhere(kind: 'ddl' | 'truncate'): StatementMeaning {
    return this.#meaning(kind, this.#namedAnywhere());
  }

  ofDatabase(verb: string): StatementMeaning {
    const concerned = this.#tokens.some(({ text }) => this.#same(text, this.#wanted.database));
    const { tables } = this.#wanted;
    if (verb !== 'DROP' || !concerned || tables.length === 0) return { kind: 'nothing' };
    return { kind: 'ddl', tables, replacesRows: true };
  }

  /**
   * A statement that changes rows runs triggers and functions too: one that writes into the database may have changed any table
   * of it. What is only read there, and what is written elsewhere, is not surely told from that by names alone.
   */
  rows(): StatementMeaning {
    const { database } = this.#wanted;
    const target = this.#callsOurs ? undefined : writeTarget(this.#tokens, this.#database);
    const concerned = target === undefined ? this.#concernsDatabase : this.#same(target.database, database);
    if (concerned) return { kind: 'rows', table: this.#namedAnywhere()[0] ?? '' };
    const calls = this.#tokens.filter((_, at) => this.#wordAt(at + 1) === '(');
    return {
      kind: 'foreign rows',
      database: this.#database,
      ...(target === undefined ? {} : { target }),
      names: this.#tokens.map(({ text }) => text),
      written: writtenDatabases(this.#tokens, this.#database),
      calls: calls.map(({ text }) => text),
    };
  }

  /** Whether the name of a function of the database is in it, or of a table before its columns. */
  get #callsOurs(): boolean {
    return this.#tokens.some(
      ({ text }, at) =>
        this.#same(text, this.#wanted.database) &&
        this.#wordAt(at + 1) === '.' &&
        this.#wordAt(at + 3) === '(',
    );
  }

  #namedAnywhere(): string[] {
    const found = this.#tokens.map((_, at) => this.#nameAt(at).table);
    return [...new Set(found.filter((name) => name !== undefined))];
  }

  /** A statement with names that cannot be read may be about any table. */
  #meaning(kind: 'ddl' | 'truncate', tables: readonly string[]): StatementMeaning {
    const any = this.#tokens.some(({ text }) => text.includes(unreadable)) && this.#concernsDatabase;
    const concerned = any ? this.#wanted.tables : tables;
    return concerned.length === 0 ? { kind: 'nothing' } : { kind, tables: concerned };
  }

  /** The wanted table that is named at a token, with or without its database, and the token behind the name. */
  #nameAt(at: number): { readonly table: string | undefined; readonly next: number } {
    const first = this.#tokens[at]?.text ?? '';
    const qualified = this.#tokens[at + 1]?.text === '.' && this.#tokens[at + 1]?.quoted === false;
    const name = qualified ? (this.#tokens[at + 2]?.text ?? '') : first;
    const ours = this.#same(qualified ? first : this.#database, this.#wanted.database);
    const table = ours ? this.#wanted.tables.find((one) => this.#same(one, name)) : undefined;
    return { table, next: at + (qualified ? 3 : 1) };
  }

  #same(left: string, right: string): boolean {
    return this.#wanted.foldsCase ? left.toLowerCase() === right.toLowerCase() : left === right;
  }

  get #concernsDatabase(): boolean {
    const { database } = this.#wanted;
    return (
      this.#same(this.#database, database) || this.#tokens.some(({ text }) => this.#same(text, database))
    );
  }
}

/** Before PARTITION; MariaDB's CONVERT stands before TABLE, too. */
const movingVerbs: ReadonlySet<string> = new Set(['DROP', 'TRUNCATE', 'EXCHANGE', 'CONVERT']);

const beforeNames: ReadonlySet<string> = new Set([',', 'TO', 'RENAME', 'AS', 'TABLE']);
/** Stands before a name and is none: IF EXISTS, IF NOT EXISTS, WAIT, RENAME COLUMN. */
const passedOver: ReadonlySet<string> = new Set(['IF', 'NOT', 'EXISTS']);
