import { currencyCount } from './shop-sizes.js';
import type { ShopSizes, ShopTable } from './shop-sizes.js';

/** Rows `from` to `to`, both included, counted from 1. */
export interface RowSpan {
  readonly from: number;
  readonly to: number;
}

/** The INSERT that makes some rows of a table; each row is made from its number alone. */
export function insertRows(table: ShopTable, sizes: ShopSizes, span: RowSpan): string {
  return `${statements[table](sizes)} FROM ${rowNumbers(table, span)}`;
}

/** `i` for each row. A log knows no keys: there every tenth row is the one before it once more. */
function rowNumbers(table: ShopTable, span: RowSpan): string {
  const series = `generate_series(${span.from}::bigint, ${span.to})`;
  if (table !== 'page_views') return `${series} AS i`;
  return `(SELECT CASE WHEN n % 10 = 0 THEN n - 1 ELSE n END AS i FROM ${series} AS n) AS numbers`;
}

/** One of `choices`, by row. `salt` keeps a row's columns independent of each other. */
const pick = (salt: number, choices: number): string => `pg_temp.pick(i, ${salt}, ${choices})`;

const oneOf = (salt: number, choices: readonly string[]): string =>
  `(ARRAY[${choices.join(', ')}])[1 + ${pick(salt, choices.length)}]`;

/** NULL in one row of `every`. */
const orNull = (salt: number, every: number, expression: string): string =>
  `CASE WHEN ${pick(salt, every)} > 0 THEN ${expression} END`;

const currencyCodes = ['EUR', 'USD', 'GBP', 'JPY', 'CHF', 'SEK', 'PLN', 'INR', 'BRL', 'KWD', 'VND', 'ZAR'];
const currency = (salt: number): string =>
  oneOf(
    salt,
    currencyCodes.slice(0, currencyCount).map((code) => `'${code}'`),
  );

const givenNames = [
  `'Ada'`,
  `'Zoë'`,
  `'Søren'`,
  `'李小龍'`,
  `'Иван'`,
  `'نور'`,
  `'D''Arcy'`,
  `'Anne-Marie'`,
  `'José'`,
  `'Grace'`,
];
const familyNames = [
  `'O''Brien'`,
  `'Müller'`,
  `'de la Cruz'`,
  `'Nguyễn'`,
  `'Smith, Jr.'`,
  `'Πέτρου'`,
  `'Kowalska'`,
  `'"Quote"'`,
];
const cities = [`'Oslo'`, `'München'`, `'São Paulo'`, `'東京'`, `'Kraków'`, `'L''Aquila'`, `'New York, NY'`];
const messages = [
  `''`,
  `'Happy birthday! 🎂'`,
  `E'Two lines:\\none and two'`,
  `E'He said "hi",\\tthen C:\\\\temp'`,
  `E'\\\\N'`,
  `'NULL'`,
  `'50% off; it''s yours 👩‍🚀'`,
  `E'\\r\\nDear all,\\r\\n'`,
];
const pages = [
  `'/'`,
  `'/search?q=a%20b&page=2'`,
  `'/cart'`,
  `'/p/' || ${pick(90, 20_000)}`,
  `'/konto/größe#été'`,
];

const moneyOf = (salt: number, cents: number): string => `${pick(salt, cents)}::numeric / 100`;
const dayOf = (salt: number, first: string, days: number): string =>
  `date '${first}' + ${pick(salt, days)}::int`;
const momentOf = (salt: number, days: number): string =>
  `timestamp '2021-01-01' + ${pick(salt, days * 86_400_000_000)} * interval '1 microsecond'`;
const addressOf = (salt: number): string =>
  `concat('10.', ${pick(salt, 256)}, '.', ${pick(salt + 1, 256)}, '.7')::inet`;

const statements: Readonly<Record<ShopTable, (sizes: ShopSizes) => string>> = {
  currencies: () => `INSERT INTO currencies
    SELECT (ARRAY[${currencyCodes.map((code) => `'${code}'`).join(', ')}])[i], 'Currency ' || i,
      (ARRAY['€', '$', '£', '¥', NULL])[i], (ARRAY[2, 2, 2, 0])[1 + i % 4], 1.1 ^ i`,

  categories: () => `INSERT INTO categories
    SELECT i, CASE WHEN i > 10 THEN 1 + ${pick(1, 10)} END, 'Category ' || i,
      ARRAY['shop', 'a "quoted", one', CASE WHEN i % 3 > 0 THEN 'level ' || i % 3 END], i % 17 > 0`,

  products: (sizes) => `INSERT INTO products
    SELECT i, 'SKU-' || lpad(i::text, 8, '0'), 1 + ${pick(1, sizes.categories)},
      ${oneOf(2, [`'Chair'`, `'Lamp, small'`, `'Café "crème"'`, `'T-shirt 👕'`, `'Bücherregal'`])} || ' ' || i,
      ${orNull(3, 8, `repeat(${oneOf(4, messages)} || ' ' || md5(i::text) || ' ', 1 + ${pick(5, 8)}::int)`)},
      ${moneyOf(6, 500_000)}, ${currency(7)}, ${orNull(8, 20, `${pick(9, 100_000)} / 1000.0`)},
      ${pick(10, 50)} / 10.0, ${pick(11, 2_000)} - 100,
      ${orNull(12, 10, `ARRAY[${pick(13, 3_000)}, ${pick(14, 3_000)}, ${pick(15, 500)}]`)},
      ARRAY['new', 'it''s "good"', ${orNull(16, 3, `'a,b{c}\\'`)}, ''],
      jsonb_build_object('colour', ${oneOf(17, [`'red'`, `'grün'`, `'🟦'`])}, 'size', ${pick(18, 60)}, 'eco', ${pick(19, 2)} = 1),
      ${orNull(20, 2, `'{"b": 1,  "a": [null, 1.50, "\\u00e9"]}'::json`)},
      ${orNull(21, 4, `decode(md5(i::text) || md5((-i)::text) || '00ff5c0a', 'hex')`)}, ${pick(22, 256)}::int::bit(8),
      ${orNull(23, 3, `make_interval(months => ${pick(24, 60)}::int, days => ${pick(25, 30)}::int)`)},
      ${orNull(26, 30, dayOf(27, '1999-01-01', 9_000))}, time '08:00' + ${pick(28, 36_000)} * interval '1 second',
      ${orNull(29, 5, `${pick(30, 2)} = 0`)}`,

  customers: () => `INSERT INTO customers
    SELECT i, 'user' || i || '@example.' || ${oneOf(1, [`'com'`, `'org'`, `'net'`])},
      ${oneOf(2, givenNames)} || ' ' || ${oneOf(3, familyNames)}, ${oneOf(4, ['NULL', `''`, `'🦊'`, `'a;b'`, `'  two  '`])},
      ${orNull(5, 6, dayOf(6, '1930-01-01', 28_000))},
      ${orNull(
        7,
        12,
        `ROW(${oneOf(8, [`'Main St. '`, `'Rue de l''Église '`, `'"The" Lane, '`])} || ${pick(9, 200)},
          ${oneOf(10, cities)}, ${pick(11, 99_999)}::varchar, ${oneOf(12, [`'NO'`, `'DE'`, `'BR'`, `'JP'`])})::postal_address`,
      )},
      ${pick(13, 2)} = 1, ${orNull(14, 3, moneyOf(15, 1_000_000))}, ${currency(16)},
      ${oneOf(17, ['NULL', `'{}'::jsonb`, `'{"lang": "fr", "n": [1, 2.50]}'`, `'{"note": "naïve \\"quote\\" 😀"}'`])},
      ${oneOf(18, ['NULL', `'{}'`, `'{golf,"chess, blitz"}'`, `'{"say \\"hi\\"",NULL,"NULL"}'`])}::text[],
      ${orNull(19, 7, addressOf(20))}, ${momentOf(22, 1_700)}`,

  LoyaltyCards: (sizes) => `INSERT INTO "LoyaltyCards"
    SELECT i, 1 + ${pick(1, sizes.customers)}, 'LC' || lpad(i::text, 12, '0'), ${oneOf(2, [`'Silver'`, `'Gold'`, `'Plätin'`])},
      ${pick(3, 100_000)}, ${orNull(4, 4, `1 + ${pick(5, 4_000)}::numeric / 1000`)}, ${orNull(6, 9, dayOf(7, '2024-01-01', 2_000))}`,

  orders: (sizes) => `INSERT INTO orders OVERRIDING SYSTEM VALUE
    SELECT i, 1 + ${pick(1, sizes.customers)}, (enum_range(NULL::order_status))[1 + ${pick(2, 6)}], ${currency(3)},
      ${moneyOf(4, 900_000)}, ${momentOf(5, 1_700)}, ${orNull(6, 5, dayOf(7, '2021-01-05', 1_700))},
      ${orNull(8, 3, `time '07:00' + ${pick(9, 48)} * interval '15 minutes'`)},
      ${orNull(10, 4, `${pick(11, 240)} * interval '1 hour'`)}, ${orNull(12, 6, addressOf(13))},
      CASE WHEN ${pick(15, 8)} = 0 THEN ${oneOf(16, messages)} END`,

  order_items: (sizes) => `INSERT INTO order_items (order_id, line_no, product_id, quantity, unit_price, note)
    SELECT (i - 1) / 10 * 5 + ('{1,2,2,3,3,3,4,5,5,5}'::int[])[1 + (i - 1) % 10], ('{1,1,2,1,2,3,1,1,2,3}'::int[])[1 + (i - 1) % 10],
      1 + ${pick(1, sizes.products)}, 1 + ${pick(2, 9)}, ${moneyOf(3, 500_000)},
      CASE WHEN ${pick(4, 10)} = 0 THEN ${oneOf(5, messages)} END`,

  payments: (sizes) => `INSERT INTO payments
    SELECT md5('payment ' || i || ' ' || ${pick(1, 1_000_000_000)})::uuid, 1 + ${pick(2, sizes.orders)},
      ${oneOf(3, [`'card'`, `'transfer'`, `'cash'`])}, ${moneyOf(4, 900_000)}, ${momentOf(5, 1_700)},
      ${orNull(6, 10, `${pick(7, 8)} > 0`)}, ${pick(8, 10_000)} / 777.0,
      ${oneOf(9, ['NULL', `'{"ok":true}'`, `'{ "ok" : false, "why" : "déclinée" }'`])}::json,
      ${orNull(10, 3, `decode(md5(i::text), 'hex')`)}`,

  page_views: (sizes) => `INSERT INTO page_views
    SELECT ${momentOf(1, 1_700)}, ${orNull(2, 3, `1 + ${pick(3, sizes.customers)}`)}, ${oneOf(4, pages)},
      ${oneOf(5, ['NULL', `''`, `'https://example.com/?q=%F0%9F%98%80'`])}, ${orNull(6, 10, pick(7, 60_000))},
      ${orNull(8, 9, addressOf(9))}`,
};
