import { expect, test } from 'vitest';
import { mayHave, parseGrants } from './grants.js';

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
