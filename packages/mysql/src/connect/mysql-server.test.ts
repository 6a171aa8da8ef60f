import { describe, expect, test } from 'vitest';
import { capabilitiesOf, isAtLeast, parseVersion } from './mysql-server.js';

describe('parseVersion', () => {
  test.each([
    ['9.7.4', 'mysql', [9, 7, 4]],
    ['8.0.36-28', 'mysql', [8, 0, 36]],
    ['5.7.44-log', 'mysql', [5, 7, 44]],
    ['10.11.14-MariaDB-0+deb12u2-log', 'mariadb', [10, 11, 14]],
    ['5.5.5-10.6.18-MariaDB', 'mariadb', [10, 6, 18]],
    ['11.8.2-MariaDB-ubu2404', 'mariadb', [11, 8, 2]],
  ] as const)('%s', (text, flavour, version) => {
    expect(parseVersion(text)).toEqual({ flavour, version });
  });

  test('a text without a number is no version', () => {
    expect(parseVersion('unknown')).toBeUndefined();
  });
});

test.each([
  [[8, 0, 16], [8, 0, 16], true],
  [[8, 1, 0], [8, 0, 16], true],
  [[8, 0, 15], [8, 0, 16], false],
  [[5, 7, 44], [8, 0, 0], false],
  [[10, 0, 0], [9, 7, 4], true],
] as const)('%j is at least %j: %s', (version, least, expected) => {
  expect(isAtLeast(version, least)).toBe(expected);
});

test('MySQL 5.7 lacks what came with 8.0 and later', () => {
  expect(capabilitiesOf('mysql', [5, 7, 44])).toMatchObject({
    cachedStatistics: false,
    checks: 'none',
    indexVisibility: 'none',
    generatedPrimaryKeys: false,
  });
  expect(capabilitiesOf('mysql', [8, 0, 11])).toMatchObject({ cachedStatistics: true, checks: 'none' });
});
