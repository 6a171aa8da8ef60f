import { describe, expect, test } from 'vitest';
import type { ChangeEvent } from '@tsmolt/core';
import { PgoutputDecoder } from './pgoutput.js';
import { StreamedTables } from './streamed-tables.js';

/** Fields of messages, as the manual lays them out. */
const bytes = {
  kind: (letter: string): Buffer => Buffer.from(letter),
  int8: (value: number): Buffer => Buffer.from([value]),
  int16: (value: number): Buffer => Buffer.from([value >> 8, value & 255]),
  int32: (value: number): Buffer => numeric(4, (buffer) => buffer.writeInt32BE(value)),
  int64: (value: bigint): Buffer => numeric(8, (buffer) => buffer.writeBigInt64BE(value)),
  name: (text: string): Buffer => Buffer.from(`${text}\0`),
};

function numeric(width: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(width);
  write(buffer);
  return buffer;
}

const begin = (final: bigint): Buffer =>
  Buffer.concat([bytes.kind('B'), bytes.int64(final), bytes.int64(0n), bytes.int32(7)]);
const commit = (end: bigint): Buffer =>
  Buffer.concat([bytes.kind('C'), bytes.int8(0), bytes.int64(0n), bytes.int64(end), bytes.int64(1_500_000n)]);

/** Columns `id int` and `v text`. */
const relation = (name: string, identity: string, marked: number, oid = 1): Buffer =>
  Buffer.concat([
    bytes.kind('R'), bytes.int32(oid), bytes.name('public'), bytes.name(name), bytes.kind(identity), bytes.int16(2),
    bytes.int8(marked), bytes.name('id'), bytes.int32(23), bytes.int32(-1),
    bytes.int8(0), bytes.name('v'), bytes.int32(25), bytes.int32(-1),
  ]); // prettier-ignore

function tuple(letter: string, ...values: (string | Buffer | null | undefined)[]): Buffer {
  const parts = values.map((value) => {
    if (value === null) return bytes.kind('n');
    if (value === undefined) return bytes.kind('u');
    return Buffer.concat([bytes.kind('t'), bytes.int32(Buffer.byteLength(value)), Buffer.from(value)]);
  });
  return Buffer.concat([bytes.kind(letter), bytes.int16(values.length), ...parts]);
}

const change = (letter: string, ...tuples: Buffer[]): Buffer =>
  Buffer.concat([bytes.kind(letter), bytes.int32(1), ...tuples]);

const columns = [
  { name: 'id', typeOid: 23, typmod: -1 },
  { name: 'v', typeOid: 25, typmod: -1 },
];

function decoded(from: bigint, ...messages: readonly Buffer[]): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  const wanted = { oid: 1, name: { schema: 'public', table: 't' }, columns, generated: [], key: ['id'] };
  const decoder = new PgoutputDecoder({
    tables: new StreamedTables([wanted], { types: new Map(), readAt: 0n, others: [] }),
    from,
    emit: (event) => events.push(event),
  });
  for (const message of messages) {
    decoder.decode(Buffer.concat([Buffer.alloc(3), message, Buffer.alloc(2)]), 3, 3 + message.length);
  }
  return events;
}

const row = [begin(10n), relation('t', 'd', 1)];

describe('a transaction', () => {
  test('ends with where the next one begins, and when it was committed', () => {
    expect(decoded(0n, begin(10n), commit(0x1_0000_00abn))).toEqual([
      { kind: 'commit', position: '1/AB', committedAt: 946_684_801_500 },
    ]);
  });

  test('whose commit lies before the position is left out, one that begins there is not', () => {
    const both = [begin(9n), relation('t', 'd', 1), change('I', tuple('N', '1', 'a')), commit(10n)];
    const events = decoded(10n, ...both, begin(10n), change('I', tuple('N', '2', 'b')), commit(20n));
    expect(events).toMatchObject([{ values: ['2', 'b'] }, { kind: 'commit', position: '0/14' }]);
  });
});

describe('a heartbeat', () => {
  test('comes between transactions, and never takes anybody back', () => {
    const events: ChangeEvent[] = [];
    const tables = new StreamedTables([], {
      types: new Map(),
      readAt: 0n,
      others: [{ schema: 'public', table: 't' }],
    });
    const decoder = new PgoutputDecoder({ tables, from: 10n, emit: (event) => events.push(event) });
    decoder.heartbeat(9n, 1);
    decoder.heartbeat(10n, 2);
    decoder.decode(begin(20n), 0, begin(20n).length);
    decoder.heartbeat(30n, 3);
    decoder.decode(commit(25n), 0, commit(25n).length);
    decoder.heartbeat(25n, 4);
    decoder.heartbeat(24n, 5);
    expect(events.map((event) => ('at' in event ? event.at : event.kind))).toEqual([2, 'commit', 4]);
    expect(decoder.reached).toBe(25n);
  });
});

describe('a change', () => {
  test('has NULL, the empty string and what was not sent as three things', () => {
    const update = change('U', tuple('N', '1', undefined));
    expect(decoded(0n, ...row, change('I', tuple('N', '1', null)), change('I', tuple('N', '2', '')), update)).toMatchObject([
      { kind: 'upsert', values: ['1', null] },
      { kind: 'upsert', values: ['2', ''] },
      { kind: 'update', values: ['1', undefined] },
    ]); // prettier-ignore
  });

  test('has a byte beyond ASCII as servers from 16 on print it', () => {
    expect(decoded(0n, ...row, change('I', tuple('N', '1', Buffer.of(0xff))))).toMatchObject([
      { kind: 'upsert', values: ['1', String.raw`\377`] },
    ]);
  });

  test('of a row whose key was too long to be sent again has it from the old key', () => {
    const [event] = decoded(0n, ...row, change('U', tuple('K', 'long', null), tuple('N', undefined, 'b')));
    expect(event).toMatchObject({ kind: 'upsert', values: ['long', 'b'] });
    expect(event).not.toHaveProperty('oldKey');
  });

  test('of a table that is not wanted is left out, and so is an old name', () => {
    const other = [relation('other', 'd', 1, 1), change('I', tuple('N', '1', 'a'))];
    expect(decoded(0n, begin(1n), ...other)).toMatchObject([{ kind: 'ddl', tables: [{ table: 't' }] }]);
  });

  test.each([
    ['no key', [relation('t', 'd', 1), change('D', tuple('K', null, null))], 'TSM5003'],
    ['an unsent key', [relation('t', 'd', 1), change('U', tuple('N', undefined, 'a'))], 'TSM5003'],
    ['another number of columns', [relation('t', 'd', 1), change('I', tuple('N', '1'))], 'TSM5006'],
    ['a binary value', [relation('t', 'd', 1), change('I', Buffer.from('N\0\x02b'))], 'TSM5006'],
    ['a part of a running transaction', [Buffer.from('S')], 'TSM5006'],
  ])('with %s is refused', (_what, messages, code) => {
    expect(() => decoded(0n, begin(1n), ...messages)).toThrow(expect.objectContaining({ code }));
  });
});
