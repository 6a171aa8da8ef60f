/** How the key columns of the contract for row verifiers are declared and written for one engine. */
export interface KeyTypes {
  readonly bytes: string;
  readonly bytesLiteral: (hexadecimal: string) => string;
  /** A time without a zone, and one that is an instant. */
  readonly moment: string;
  readonly instant: string;
  readonly text: string;
  readonly textLiteral: (text: string) => string;
  /** Eight bits. */
  readonly bits: string;
  readonly flag: string;
  readonly flagLiteral: (set: boolean) => string;
  readonly timeOfDay: string;
  /** Where it is sorted as it is written. */
  readonly uuid?: string;
  /** A condition that takes longer than a test may. */
  readonly endless: string;
}

export const postgresKeyTypes: KeyTypes = {
  bytes: 'bytea',
  bytesLiteral: (hexadecimal) => `'\\x${hexadecimal}'`,
  moment: 'timestamp(6)',
  instant: 'timestamptz(6)',
  text: 'text',
  textLiteral: (text) => `e'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  bits: 'bit(8)',
  flag: 'boolean',
  flagLiteral: String,
  timeOfDay: 'time(6)',
  uuid: 'uuid',
  endless: 'pg_sleep(100) IS NOT NULL',
};

export const mysqlKeyTypes: KeyTypes = {
  bytes: 'varbinary(40)',
  bytesLiteral: (hexadecimal) => `x'${hexadecimal}'`,
  moment: 'datetime(6)',
  instant: 'timestamp(6)',
  text: 'varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  textLiteral: (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  bits: 'bit(8)',
  flag: 'bit(1)',
  flagLiteral: (set) => `b'${Number(set)}'`,
  timeOfDay: 'time(6)',
  endless: 'SLEEP(100) = 0',
};

export interface KeyCase {
  readonly what: string;
  /** Types of the key's columns. */
  readonly columns: readonly string[];
  /** Values of the key's columns, as SQL. Distinct. */
  readonly keys: readonly (readonly string[])[];
}

const numbersFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

const quoted = (text: string): string => `'${text}'`;

/** Keys at the edges of their types, and enough between them to be cut. */
export function keyCases(types: KeyTypes): KeyCase[] {
  const single = (what: string, type: string, values: readonly string[]): KeyCase => ({
    what,
    columns: [type],
    keys: values.map((value) => [value]),
  });
  const uuids = numbersFrom(0, 20).map((n) => quoted(`${(n * 13 + 7).toString(16).padStart(8, '0')}-9c0b-4ef8-bb6d-${(n * 7919).toString(16).padStart(12, 'f')}`)); // prettier-ignore
  return [
    single('an integer key, negative ones too', 'int', numbersFrom(-20, 41).map(String)),
    single('a key of 64 bits, neighbours beyond 2^53', 'bigint', beyondFloats),
    single('a decimal key', 'decimal(30,10)', decimals),
    single('a key of dates', 'date', dates.map(quoted)),
    single('a key of times without a zone', types.moment, moments.map(quoted)),
    single('a key of instants', types.instant, instants.map(quoted)),
    ...(types.uuid === undefined ? [] : [single('a uuid key', types.uuid, uuids)]),
    single('a key of texts', types.text, texts.map(types.textLiteral)),
    single('a key of bytes', types.bytes, bytes.map(types.bytesLiteral)),
    single('a key of bits', types.bits, numbersFrom(0, 30).map((n) => `b'${(n * 8).toString(2).padStart(8, '0')}'`)), // prettier-ignore
    {
      what: 'a composite key of a flag and a time of the day',
      columns: [types.flag, types.timeOfDay],
      keys: numbersFrom(0, 40).map((n) => [types.flagLiteral(n % 2 === 1), `'0${n % 10}:30:00.${String(n).padStart(6, '0')}'`]), // prettier-ignore
    },
    {
      what: 'a composite key whose first column repeats',
      columns: ['int', 'bigint'],
      keys: numbersFrom(-15, 30).map((n) => [String(Math.trunc(n / 11)), String(n)]),
    },
    {
      what: 'a composite key of a date, a time and a number',
      columns: ['date', types.moment, 'decimal(8,2)'],
      keys: numbersFrom(0, 30).map((n) => [
        `'2024-02-${28 + (n % 2)}'`,
        `'2024-02-29 00:00:0${n % 3}.5'`,
        `${n}.25`,
      ]),
    },
  ];
}

const beyondFloats: readonly string[] = [
  '-9223372036854775808', '-9223372036854775807', '-9007199254740993', '-9007199254740992', '-1', '0', '1',
  '9007199254740991', '9007199254740992', '9007199254740993', '9007199254740994', '9007199254740995',
  '9223372036854775804', '9223372036854775805', '9223372036854775806', '9223372036854775807',
]; // prettier-ignore

const decimals: readonly string[] = [
  '-99999999999999999999.9999999999', '-1.5', '-1.4999999999', '-0.0000000001', '0', '0.0000000001', '0.1', '1', '1.5',
  '9', '10', '99.9999999999', '100', '9007199254740993.0000000001', '9007199254740993.0000000002', '99999999999999999999',
]; // prettier-ignore

const dates: readonly string[] = [
  '1000-01-01', '1582-10-15', '1899-12-31', '1969-12-31', '1970-01-01', '1999-12-31', '2000-02-29', '2024-02-28',
  '2024-02-29', '2024-03-01', '2024-12-31', '2025-01-01', '2038-01-19', '2100-01-01', '9999-12-31',
]; // prettier-ignore

const moments: readonly string[] = [
  '1000-01-01 00:00:00', '1969-12-31 23:59:59.999999', '1970-01-01 00:00:00', '2024-02-29 12:00:00', '2024-02-29 12:00:00.000001',
  '2024-02-29 12:00:00.1', '2024-02-29 12:00:00.10001', '2024-02-29 12:00:01', '2024-03-31 02:30:00', '2024-10-27 02:30:00',
  '2024-12-31 23:59:59.999999', '2025-01-01 00:00:00', '2038-01-19 03:14:08', '9999-12-31 23:59:59', '9999-12-31 23:59:59.5',
]; // prettier-ignore

const instants: readonly string[] = numbersFrom(0, 20).map(
  (n) => `2024-0${1 + (n % 9)}-1${n % 7} 0${n % 10}:30:00.${String(n * 100).padStart(6, '0')}`,
);

const texts: readonly string[] = [
  '', ' x', 'a', 'A', 'b', 'é', 'e', 'ß', 'ss', '漢字', '🐘', "it's", "''", 'back\\slash', '\\', '"quoted"', 'two\nlines', 'tab\t', '%_',
  '$1', '?', ':a', '-- x', 'null', 'a,b', '(1)', '{}',
]; // prettier-ignore

const bytes: readonly string[] = ['', '00', '0000', '01', '27', '5c', '5c5c', '5c27', '61', '80', 'c328', 'fe', 'ff', 'ff00', 'ffff']; // prettier-ignore
