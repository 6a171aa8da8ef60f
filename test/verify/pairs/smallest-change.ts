/** Column of a target, as its `information_schema` describes it. */
export interface TargetColumn {
  readonly name: string;
  /** `udt_name`; of an array, that of its elements with `_` in front. */
  readonly type: string;
  readonly maxLength: number | null;
  /** Digits of seconds' fractions. */
  readonly fraction: number | null;
  /** Of an enum. */
  readonly labels: readonly string[];
}

/**
 * The text of a value that is another one and hardly: one more or less, a digit, a letter, a bit, a microsecond, an element.
 *
 * @returns undefined for types that nobody here knows how to change
 */
export function smallestChange(column: TargetColumn, text: string | null): string | null | undefined {
  if (!knows(column)) return undefined;
  if (text === null) return valueBesideNull(column);
  if (column.labels.length > 0) return column.labels.find((label) => label !== text);
  if (column.type.startsWith('_')) return changedArray({ ...column, type: column.type.slice(1) }, text);
  return changes[column.type]?.(text, column);
}

function knows({ type, labels }: TargetColumn): boolean {
  return labels.length > 0 || Object.hasOwn(changes, type.replace(/^_/, ''));
}

/** NULL must not pass for what is nearest to it. */
function valueBesideNull({ type, labels, maxLength }: TargetColumn): string | undefined {
  if (labels.length > 0) return labels[0];
  if (type.startsWith('_')) return '{}';
  if (type === 'bit') return '0'.repeat(maxLength ?? 1);
  return nearNull[type];
}

const nearNull: Readonly<Record<string, string>> = {
  bool: 'f', int2: '0', int4: '0', int8: '0', numeric: '0', float4: '0', float8: '0', text: '', varchar: '', bpchar: '', bytea: '',
  varbit: '', date: '1970-01-01', time: '00:00', timetz: '00:00+00', timestamp: '1970-01-01', timestamptz: '1970-01-01 00:00+00',
  interval: '0', uuid: '00000000-0000-0000-0000-000000000000', json: 'null', jsonb: 'null', inet: '0.0.0.0',
}; // prettier-ignore

type Change = (text: string, column: TargetColumn) => string | null;

const whole: Change = (text) => {
  const number = BigInt(text);
  return String(number > 0n ? number - 1n : number + 1n);
};

/** The last digit of all. */
const digit: Change = (text) => {
  if (!/\d/.test(text)) return '0';
  return text.replace(/\d(?=\D*$)/, (last) => (last === '9' ? '8' : String(Number(last) + 1)));
};

/** The neighbour in the direction of zero. */
const double: Change = (text) => {
  const number = Number(text.replace(/^([+-]?)Inf(inity)?$/i, '$1Infinity'));
  if (Number.isNaN(number)) return '0';
  if (number === 0) return '5e-324';
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  view.setBigInt64(0, view.getBigInt64(0) - 1n);
  return String(view.getFloat64(0));
};

const single: Change = (text) => {
  const number = Number(text.replace(/^([+-]?)Inf(inity)?$/i, '$1Infinity'));
  if (Number.isNaN(number)) return '0';
  if (number === 0) return '1e-45';
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, number);
  view.setInt32(0, view.getInt32(0) - 1);
  return String(view.getFloat32(0));
};

/** The other way to write the same letters, where there is one; NULL for nothing. */
const letters: Change = (text, { maxLength, type }) => {
  if (text === '') return null;
  const other = [text.normalize('NFC'), text.normalize('NFD')].find(
    (form) => form !== text && Array.from(form).length <= (maxLength ?? Infinity),
  );
  if (other !== undefined) return other;
  const all = Array.from(text);
  const full = maxLength !== null && all.length >= maxLength;
  if (type !== 'bpchar' && !full) return `${text} `;
  return [...all.slice(0, -1), all.at(-1) === 'x' ? 'y' : 'x'].join('');
};

const hexDigit: Change = (text) =>
  text.replace(/[\da-f](?=[^\da-f]*$)/i, (last) => (Number.parseInt(last, 16) ^ 1).toString(16));

const lastBit: Change = (text) =>
  text === '' ? '0' : `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;

const day: Change = (text) => {
  if (text.endsWith('infinity')) return '2000-01-01';
  return text.replace(/-(\d\d)( BC)?$/, (_all, number: string, era: string = '') => {
    const changed = Number(number) <= 27 ? Number(number) + 1 : Number(number) - 1;
    return `-${String(changed).padStart(2, '0')}${era}`;
  });
};

/** The smallest step of a fraction that the column keeps. */
const moment: Change = (text, column) => {
  if (text.endsWith('infinity')) return '2000-01-01';
  if (text.startsWith('24:')) return text.replace('24:00:00', '23:59:59');
  return text.replace(
    /(\d+:\d\d:)(\d\d)(?:\.(\d+))?/,
    (_all, minutes: string, seconds: string, fraction: string = '') => {
      return `${minutes}${steppedSeconds(seconds, fraction, column.fraction ?? 6)}`;
    },
  );
};

function steppedSeconds(seconds: string, fraction: string, digitsKept: number): string {
  const count = Number(`${seconds}${fraction.padEnd(digitsKept, '0').slice(0, digitsKept)}`);
  const stepped = String(count > 0 ? count - 1 : count + 1).padStart(2 + digitsKept, '0');
  return `${stepped.slice(0, 2)}${digitsKept === 0 ? '' : `.${stepped.slice(2)}`}`;
}

const document: Change = (text) => {
  const changed = text.replace(/(?<![\\\w.])\d(?=[\d.,\]}\s]|$)/, (first) =>
    first === '9' ? '8' : String(Number(first) + 1),
  );
  if (changed !== text) return changed;
  const scalars: [RegExp, string][] = [
    [/null/, '0'],
    [/true/, 'false'],
    [/false/, 'true'],
    [/"/, '"x'],
    [/\[\s*\]/, '[null]'],
    [/\{\s*\}/, '{"a": null}'],
  ];
  return scalars.reduce((made, [from, to]) => (made === text ? made.replace(from, to) : made), text);
};

function changedHost(host: string): string | null {
  if (host.includes('.')) return host.replace(/\d+$/, (last) => String(Number(last) ^ 1));
  return host.endsWith(':') ? `${host}1` : hexDigit(host, nothing);
}

const changes: Readonly<Record<string, Change>> = {
  bool: (text) => (text.startsWith('t') ? 'f' : 't'),
  int2: whole,
  int4: whole,
  int8: whole,
  numeric: digit,
  float4: single,
  float8: double,
  text: letters,
  varchar: letters,
  bpchar: letters,
  bytea: (text) => (text === '\\x' ? '\\x00' : hexDigit(text, nothing)),
  bit: lastBit,
  varbit: lastBit,
  date: day,
  time: moment,
  timetz: moment,
  timestamp: moment,
  timestamptz: moment,
  interval: (text, column) => {
    if (text.endsWith('infinity')) return '0';
    if (text.includes(':')) return moment(text, column);
    return column.fraction === 6 ? `${text} 00:00:00.000001` : digit(text, column);
  },
  uuid: hexDigit,
  json: document,
  jsonb: document,
  inet: (text) => {
    const [host = '', mask] = text.split('/');
    return `${changedHost(host)}${mask === undefined ? '' : `/${mask}`}`;
  },
};

/** One element is another one; `{}` gets one that is NULL. A length of 0 keeps texts from growing. */
function changedArray(column: TargetColumn, text: string): string {
  const start = text.indexOf('{');
  const [bounds, body] = [text.slice(0, start), text.slice(start)];
  if (body === '{}') return '{NULL}';
  let done = false;
  const changed = body.replaceAll(
    /"((?:[^"\\]|\\.)*)"|([^{},"]+)/gs,
    (all, quoted?: string, bare?: string) => {
      if (done || bare === 'NULL') return all;
      done = true;
      const element = bare ?? (quoted ?? '').replaceAll(/\\(.)/gs, '$1');
      const other = changes[column.type]?.(element, { ...column, maxLength: 0, fraction: 6 }) ?? null;
      return other === null ? 'NULL' : `"${other.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    },
  );
  // There is nothing but NULL.
  return done ? `${bounds}${changed}` : text.replace('NULL', `"${nearNull[column.type] ?? ''}"`);
}

const nothing: TargetColumn = { name: '', type: '', maxLength: null, fraction: null, labels: [] };
