import { DatabaseError } from 'pg';
import type { ClientBase } from 'pg';
import { stoppedOnRequest, whileWanted, withoutDomain } from '@tsmolt/core';
import type {
  Column,
  ConnectionUrl,
  HashColumn,
  LogicalType,
  RowRepair,
  RowRepairer,
  SeenValue,
  WantedValue,
} from '@tsmolt/core';
import { classify } from './errors.js';
import type { VerifierDialect } from './row-verifier.js';
import type { SessionPool } from './session-pool.js';
import { quoteColumns, quoteIdentifier, quoteLiteral, quoteTable } from './sql.js';

/** What PostgreSQL and CockroachDB write in different ways. */
export interface RepairDialect extends Pick<VerifierDialect, 'canonicalText' | 'misread'> {
  /** Stands between the columns and the values of an INSERT that names a column GENERATED ALWAYS AS IDENTITY. */
  readonly overridingIdentity: string;
  /** The table as UPDATE and DELETE name it. */
  readonly from: VerifierDialect['from'];
  /** A quoted text as a value of a column, where the cast to its type would make another one of it in silence; else undefined. */
  checkedCast?(literal: string, column: Column): string | undefined;
}

/** Repairs rows by SQL that PostgreSQL and CockroachDB share. */
export class PgwireRowRepairer implements RowRepairer {
  /** Those of the pools' sessions that decide how values are printed (`sql.ts` of the adapters). */
  readonly settings = [
    `SET timezone = 'UTC'`,
    `SET datestyle = 'ISO, MDY'`,
    `SET intervalstyle = 'postgres'`,
    'SET extra_float_digits = 3',
    `SET bytea_output = 'hex'`,
    `SET client_encoding = 'UTF8'`,
    'SET standard_conforming_strings = on',
  ];
  readonly #pool: SessionPool;
  readonly #url: ConnectionUrl;
  readonly #dialect: RepairDialect;

  /** @param url where the pool goes to, for errors */
  constructor(pool: SessionPool, url: ConnectionUrl, dialect: RepairDialect) {
    this.#pool = pool;
    this.#url = url;
    this.#dialect = dialect;
  }

  statement(repair: RowRepair): string {
    if (repair.kind === 'insert') return this.#insert(repair);
    const table = this.#dialect.from(repair.table);
    const condition = this.#condition(repair);
    if (repair.kind === 'delete') return `DELETE FROM ${table} WHERE ${condition}`;
    const changes = repair.wanted.map(
      (value) => `${quoteIdentifier(value.column.name)} = ${this.#wanted(value)}`,
    );
    return `UPDATE ${table} SET ${changes.join(', ')} WHERE ${condition}`;
  }

  async run(statements: readonly string[], signal: AbortSignal): Promise<number[]> {
    const result = await this.#pool.use(subject, async (client) => {
      try {
        return await runTogether(client, statements, signal);
      } catch (thrown) {
        // The session has done nothing wrong: the next statements need no other.
        if (!(thrown instanceof DatabaseError) || signal.aborted) throw thrown;
        await client.query('ROLLBACK');
        return thrown;
      }
    });
    if (result instanceof DatabaseError) throw classify(result, this.#url, subject);
    return result;
  }

  #insert({ table, wanted: values }: Extract<RowRepair, { kind: 'insert' }>): string {
    const names = quoteColumns(values.map(({ column }) => column.name));
    const identity = values.some(({ column }) => column.identity === 'always');
    const overriding = identity ? this.#dialect.overridingIdentity : '';
    return `INSERT INTO ${quoteTable(table.name)} (${names})${overriding} VALUES (${values.map((value) => this.#wanted(value)).join(', ')}) ON CONFLICT DO NOTHING`;
  }

  /** The key by its own operator, so that an index finds it; what was seen as the text that was read. */
  #condition({ key, seen }: Exclude<RowRepair, { kind: 'insert' }>): string {
    const keys = key.map(({ column, text }) =>
      text === null
        ? `${quoteIdentifier(column.name)} IS NULL`
        : `${quoteIdentifier(column.name)} = ${this.#dialect.misread?.(text, column.type) ?? untyped(text, column.type)}`,
    );
    return [...keys, ...seen.map((value) => this.#stillHolds(value))].join(' AND ');
  }

  #wanted({ column, type, text }: WantedValue): string {
    const cast = castType(column.type, column.nativeType);
    if (text === null) return `NULL::${cast}`;
    const literal = untyped(text, type);
    return (
      this.#dialect.misread?.(text, column.type) ??
      this.#dialect.checkedCast?.(literal, column) ??
      `${literal}::${cast}`
    );
  }

  #stillHolds({ column, text }: SeenValue): string {
    const now = this.#dialect.canonicalText(quoteIdentifier(column.name), column.type);
    return `${now} IS NOT DISTINCT FROM ${text === null ? 'NULL' : `${oneLine(text)}::text`}`;
  }
}

const subject = 'repairing rows';

async function runTogether(
  client: ClientBase,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const query = (text: string): Promise<number> =>
    whileWanted(signal, async () => (await client.query(text)).rowCount ?? 0);
  await query('BEGIN');
  await query('SET LOCAL statement_timeout = 0');
  const changed: number[] = [];
  for (const statement of statements) changed.push(await query(statement));
  if (signal.aborted) throw stoppedOnRequest();
  // From here on nobody could say whether it has happened: it is waited for.
  await client.query('COMMIT');
  return changed;
}

/** A literal that takes the type of what it is compared with. The canonical text of bytes is bare hexadecimal. */
function untyped(text: string, type: HashColumn['type']): string {
  return oneLine(withoutDomain(type).kind === 'bytes' ? `\\x${text}` : text);
}

const plainCasts: Partial<Readonly<Record<LogicalType['kind'], string>>> = {
  boolean: 'bool',
  decimal: 'numeric',
  string: 'text',
  bytes: 'bytea',
  date: 'date',
  interval: 'interval',
  uuid: 'uuid',
  bit: 'varbit',
  inet: 'inet',
};

/**
 * The type of a literal for a column, without length or precision: an explicit cast to `varchar(3)` cuts a text that is too
 * long in silence, where the assignment to the column refuses it.
 */
export function castType(declared: LogicalType, nativeType: string): string {
  const type = withoutDomain(declared);
  switch (type.kind) {
    case 'integer':
      return type.unsigned === true ? 'numeric' : 'int8';
    case 'float':
      return type.bits === 32 ? 'float4' : 'float8';
    case 'time':
      return type.withZone ? 'timetz' : 'time';
    case 'timestamp':
      return type.withZone ? 'timestamptz' : 'timestamp';
    case 'json':
      return type.document === 'text' ? 'json' : 'jsonb';
    case 'enum':
    case 'composite':
      return quoteTable({ schema: type.schema, table: type.name });
    case 'array':
      return `${castType(type.element, nativeType.replace(/(\[\d*\])+$/, ''))}[]`;
    case 'native':
      return nativeType;
    default:
      return plainCasts[type.kind] ?? nativeType;
  }
}

/** Control characters, line separators, and marks that turn the direction of what follows. */
const invisible = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const allInvisible = new RegExp(invisible, 'gu');

/** A string literal on one line that shows all that is in it: neither a reader nor a script is fooled. */
function oneLine(text: string): string {
  if (!invisible.test(text)) return quoteLiteral(text);
  const quoted = text.replaceAll('\\', '\\\\').replaceAll("'", "''");
  return `E'${quoted.replaceAll(allInvisible, escaped)}'`;
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
