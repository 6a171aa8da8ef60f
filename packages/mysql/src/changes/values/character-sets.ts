import type { MysqlSession } from '../../connect/session.js';
import type { MysqlSessionPool } from '../../connect/session-pool.js';
import { quoteIdentifier } from '../../sql.js';
import { substitute, utf16, utf8 } from './exact-text.js';
import type { DecodedText, DecodeText } from './exact-text.js';

/** Character sets whose characters this side knows exactly as the server does. */
const native: Readonly<Record<string, DecodeText>> = {
  utf8mb4: utf8,
  utf8mb3: utf8,
  utf8: utf8,
  ascii,
  utf16le: (bytes) => utf16(bytes.toString('utf16le')),
  utf16: (bytes) => utf16(bigEndian(bytes)),
  ucs2,
  utf32,
};

/** Whether a set's characters are written as UTF-8 writes them. */
export function isUtf8(name: string): boolean {
  return native[name] === utf8;
}

function bigEndian(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString('utf16le');
}

function ascii(bytes: Buffer): DecodedText {
  return replacing(bytes.toString('latin1'), /[\x80-\xff]/g);
}

/** Two halves of a surrogate pair are two characters here, and no others. */
function ucs2(bytes: Buffer): DecodedText {
  return replacing(bigEndian(bytes), /[\ud800-\udfff]/g);
}

function replacing(read: string, unknown: RegExp): DecodedText {
  const text = read.replaceAll(unknown, substitute);
  return { text, isExact: text === read };
}

function utf32(bytes: Buffer): DecodedText {
  if (bytes.length % 4 !== 0) throw new RangeError(`${bytes.length} bytes are no text in UTF-32`);
  let text = '';
  let isExact = true;
  for (let at = 0; at < bytes.length; at += 4) {
    const character = utf16(String.fromCodePoint(bytes.readUInt32BE(at)));
    text += character.text;
    isExact &&= character.isExact;
  }
  return { text, isExact };
}

/**
 * Decoders by the name of a character set. Other sets than Unicode's are asked of the server, once each: no two programs
 * agree about all characters of latin1 or sjis, and an export prints what the server thinks.
 */
export class CharacterSets {
  readonly #pool: MysqlSessionPool;
  readonly #decoders = new Map<string, Promise<DecodeText>>();
  #collations: Promise<ReadonlyMap<number, string>> | undefined;

  constructor(pool: MysqlSessionPool) {
    this.#pool = pool;
  }

  /** The character set of a collation, by the number that the server gives it. */
  async ofCollation(id: number): Promise<string | undefined> {
    this.#collations ??= this.#pool.use('reading the collations of the server', (session) =>
      readCollations(session),
    );
    return (await this.#collations).get(id);
  }

  decoder(name: string): Promise<DecodeText> {
    const known = native[name];
    if (known !== undefined) return Promise.resolve(known);
    const asked = this.#decoders.get(name) ?? this.#pool.use(`reading ${name}`, (session) => askDecoder(session, name)); // prettier-ignore
    this.#decoders.set(name, asked);
    return asked;
  }
}

async function readCollations(session: MysqlSession): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  // MariaDB keeps the numbers of its newest collations in the other view only.
  for (const view of await viewsWithNumbers(session)) {
    const rows = await session.query<{ id: string | number | null; name: string | null }>(
      `SELECT id AS id, character_set_name AS name FROM information_schema.${quoteIdentifier(view)}`,
    );
    for (const { id, name } of rows) if (id !== null && name !== null) found.set(Number(id), name);
  }
  return found;
}

async function viewsWithNumbers(session: MysqlSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'information_schema'
     AND column_name = 'id' AND table_name IN ('COLLATIONS', 'COLLATION_CHARACTER_SET_APPLICABILITY')`,
  );
  return rows.map(({ name }) => name);
}

const hexDigit = `(SELECT 0 AS d${Array.from({ length: 15 }, (_, digit) => ` UNION ALL SELECT ${digit + 1}`).join('')})`;
const anyByte = `(SELECT a.d * 16 + b.d AS n FROM ${hexDigit} AS a, ${hexDigit} AS b)`;

/** Bytes of one character and the same in UTF-16, of all characters of one, two and (in Japanese sets) three bytes. */
function charactersQuery(name: string): string {
  const text = (bytes: string): string =>
    `SELECT HEX(${bytes}) AS bytes, HEX(CONVERT(CONVERT(${bytes} USING ${name}) USING utf16)) AS text`;
  return [
    `${text('CHAR(x.n)')} FROM ${anyByte} AS x`,
    `${text('CHAR(x.n, y.n)')} FROM ${anyByte} AS x, ${anyByte} AS y WHERE x.n >= 128`,
    `${text('CHAR(143, x.n, y.n)')} FROM ${anyByte} AS x, ${anyByte} AS y WHERE x.n >= 161 AND y.n >= 161`,
  ].join(' UNION ALL ');
}

/** What servers print for bytes that are no character of a set. */
const replacement = '?';

async function askDecoder(session: MysqlSession, name: string): Promise<DecodeText> {
  // Checked, for it cannot be bound.
  if (!/^\w+$/.test(name)) throw new RangeError(`"${name}" is no name of a character set`);
  const characters = new Map<number, string>();
  for (const row of await session.query<{ bytes: string; text: string | null }>(charactersQuery(name))) {
    const text = oneCharacter(row.text);
    // What a set does not know comes as a question mark, and from some sets as the substitute.
    if (text !== undefined && text !== substitute && (text !== replacement || row.bytes === '3F'))
      characters.set(characterKey(Buffer.from(row.bytes, 'hex'), 0, row.bytes.length / 2), text);
  }
  return withQuickAscii(characters, name === 'gb18030' ? gb18030At : undefined);
}

/** All but a few sets have the characters of ASCII at their places, and most texts hold no others. */
function withQuickAscii(characters: ReadonlyMap<number, string>, longer?: CharacterAt): DecodeText {
  const plain = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  const one = (code: number): string | undefined => characters.get(code + lengthUnit);
  if (!plain.every((character, code) => one(code) === character))
    return (bytes) => decoded(bytes, characters, longer);
  const single = unitsOf(characters);
  return (bytes) => {
    const text = bytes.toString('latin1');
    if (!/[\x80-\xff]/.test(text)) return { text, isExact: true };
    return single === undefined ? decoded(bytes, characters, longer) : widened(bytes, single);
  };
}

/** No code unit of a character. */
const noUnit = 0xffff;

/** The code units of a set whose characters are one byte and one unit each, by byte; undefined for other sets. */
function unitsOf(characters: ReadonlyMap<number, string>): Uint16Array | undefined {
  const units = new Uint16Array(256).fill(noUnit);
  for (const [key, text] of characters) {
    if (key >= 2 * lengthUnit || text.length !== 1) return undefined;
    units[key - lengthUnit] = text.charCodeAt(0);
  }
  return units;
}

/** Texts may have a hundred million characters: none is a string of its own on the way. */
function widened(bytes: Buffer, units: Uint16Array): DecodedText {
  const wide = Buffer.allocUnsafe(2 * bytes.length);
  let isExact = true;
  for (let index = 0; index < bytes.length; index++) {
    const unit = units[bytes.readUInt8(index)] ?? noUnit;
    wide.writeUInt16LE(unit === noUnit ? replacement.charCodeAt(0) : unit, 2 * index);
    isExact &&= unit !== noUnit;
  }
  return { text: wide.toString('utf16le'), isExact };
}

/** Undefined for what is no character, or more than one. */
function oneCharacter(utf16Hex: string | null): string | undefined {
  if (utf16Hex === null || utf16Hex === '') return undefined;
  const text = Buffer.from(utf16Hex, 'hex').swap16().toString('utf16le');
  const one = text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
  return one ? text : undefined;
}

/** More than three bytes hold. */
const lengthUnit = 0x100_0000;

/** Sequences of different lengths have different keys. */
function characterKey(bytes: Buffer, at: number, length: number): number {
  return bytes.readUIntBE(at, length) + length * lengthUnit;
}

function decoded(bytes: Buffer, characters: ReadonlyMap<number, string>, longer?: CharacterAt): DecodedText {
  let text = '';
  let isExact = true;
  let at = 0;
  while (at < bytes.length) {
    let [found, length] = [characters.get(characterKey(bytes, at, 1)), 1];
    while (found === undefined && length < 3 && at + length < bytes.length) {
      length += 1;
      found = characters.get(characterKey(bytes, at, length));
    }
    if (found === undefined) [found, length] = [longer?.(bytes, at), fourBytes];
    text += found ?? replacement;
    at += found === undefined ? 1 : length;
    isExact &&= found !== undefined;
  }
  return { text, isExact };
}

/** The character of four bytes that begins there, if one does. */
type CharacterAt = (bytes: Buffer, at: number) => string | undefined;

const fourBytes = 4;

/**
 * GB18030 has more than a million characters of four bytes, about which everybody agrees; about some of two bytes the
 * standard's edition of 2005, which MySQL follows, and its later ones do not.
 */
function gb18030At(bytes: Buffer, at: number): string | undefined {
  const second = bytes[at + 1] ?? 0;
  if (at + fourBytes > bytes.length || second < 0x30 || second > 0x39) return undefined;
  try {
    return new TextDecoder('gb18030', { fatal: true }).decode(bytes.subarray(at, at + fourBytes));
  } catch {
    return undefined;
  }
}
