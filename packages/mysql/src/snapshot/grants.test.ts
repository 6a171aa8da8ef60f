import { expect, test } from 'vitest';
import { grantsReading, mayHave, parseGrants } from './grants.js';

test('privileges are those of every line, whatever they are on', () => {
  const grants = parseGrants([
    "GRANT SELECT, RELOAD, BINLOG MONITOR ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*secret'",
    'GRANT SELECT (`a`, `b`), LOCK TABLES ON `shop`.* TO `app`@`%`',
  ]);
  expect([...(grants ?? [])]).toEqual(['SELECT', 'RELOAD', 'BINLOG MONITOR', 'LOCK TABLES']);
  expect(mayHave(grants, 'RELOAD')).toBe(true);
  expect(mayHave(grants, 'BACKUP_ADMIN')).toBe(false);
});

test('all privileges are all privileges', () => {
  expect(mayHave(parseGrants(['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`']), 'RELOAD')).toBe(true);
});

test('a role leaves it open: then the server is asked by trying', () => {
  const grants = parseGrants(['GRANT USAGE ON *.* TO `app`@`%`', 'GRANT `reader`@`%` TO `app`@`%`']);
  expect(grants).toBeUndefined();
  expect(mayHave(grants, 'RELOAD')).toBe(true);
});

test.each([
  ['GRANT SELECT, RELOAD ON *.* TO `u`@`%`', true],
  ['GRANT ALL PRIVILEGES ON `shop_1`.* TO `u`@`%`', true],
  ['GRANT SELECT ON `shop\\_1`.* TO `u`@`%`', true],
  ['GRANT INSERT, SELECT, UPDATE ON `sh%`.* TO `u`@`%`', true],
  ['GRANT SELECT ON `shop_2`.* TO `u`@`%`', false],
  ['GRANT SELECT ON `shop_1`.`orders` TO `u`@`%`', false],
  ['GRANT SELECT (`id`) ON `shop_1`.`orders` TO `u`@`%`', false],
  ['GRANT INSERT ON *.* TO `u`@`%`', false],
  ['GRANT `reader`@`%` TO `u`@`%`', false],
])('%s reads all of shop_1: %s', (statement, reads) => {
  expect(grantsReading(statement, 'shop_1')).toBe(reads);
});
