import { expect, test } from 'vitest';
import { chooseArchive } from './apt-sources.js';

test('the main archive is chosen, not the security archive or another vendor', () => {
  const repositories = [
    'https://vendor.example/node_20.x/',
    'http://mirror.example/debian-security/',
    'http://mirror.example/debian/',
  ];
  expect(chooseArchive(repositories.join('\n'))).toBe('http://mirror.example/debian/');
});

test('a machine without a Debian archive has none', () => {
  expect(chooseArchive('http://mirror.example/ubuntu/\n')).toBeUndefined();
});
