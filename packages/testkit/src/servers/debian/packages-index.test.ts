import { describe, expect, test } from 'vitest';
import { dependencyClosure, readPackagesIndex } from './packages-index.js';

const text = `Package: server
Version: 1.2-3
Pre-Depends: init (>= 1)
Depends: libc (>= 2.34), perl:any, mta | mail-agent, libold | libnew (= 1.0)
Description: a server
 Depends: not-a-field

Package: init
Depends: server

Package: libc

Package: libnew
Depends: libc

Package: postman
Provides: mail-agent (= 1), mta-extra

Package: perl
Depends: perl-modules

Package: perl-modules
`;

async function index(lines = text) {
  return readPackagesIndex(
    (async function* () {
      yield* lines.split('\n');
    })(),
  );
}

describe('dependency closure', () => {
  test('follows Depends and Pre-Depends, takes the first available alternative and providers, ends on cycles', async () => {
    expect(dependencyClosure(await index(), ['server'], new Set())).toEqual([
      'init',
      'libc',
      'libnew',
      'perl',
      'perl-modules',
      'postman',
      'server',
    ]);
  });

  test('leaves out a package with what only it needs', async () => {
    const closure = dependencyClosure(await index(), ['server'], new Set(['perl', 'init', 'postman']));
    expect(closure).toEqual(['libc', 'libnew', 'server']);
  });

  test('leaving out one alternative leaves out the choice', async () => {
    expect(dependencyClosure(await index(), ['server'], new Set(['libold', 'mta', 'init', 'perl']))).toEqual([
      'libc',
      'server',
    ]);
  });

  test('names what cannot be had', async () => {
    const broken = await index('Package: a\nDepends: b | c\n');
    expect(() => dependencyClosure(broken, ['a'], new Set())).toThrow(
      'no package in the index meets "b | c"',
    );
  });
});
