import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { declaredDependencies } from './declared-dependencies.mjs';
import { engineSwitch } from './engine-switch.mjs';
import { fileNames } from './file-names.mjs';
import { importDirection } from './import-direction.mjs';
import { packageShape } from './package-shape.mjs';
import { text } from './text.mjs';

/** @import { Workspace, Violation } from './workspace.mjs' */

const door = { types: './dist/index.d.ts', default: './dist/index.js' };

/**
 * A sound package.json and tsconfig.json.
 * @param {string} short
 * @param {Record<string, string>} [dependencies]
 * @param {object} [more]
 * @returns {Record<string, string>}
 */
function sound(short, dependencies = {}, more = {}) {
  const name = short === 'tsmolt' ? short : `@tsmolt/${short}`;
  const head = { name, version: '1.0.0', license: 'Apache-2.0', engines: { node: '>=20' } };
  const manifest = { ...head, exports: { '.': door }, files: ['dist'], dependencies, ...more };
  const internal = Object.keys(dependencies).filter((key) => key.startsWith('@tsmolt/'));
  const references = internal.map((key) => ({ path: `../${key.replace('@tsmolt/', '')}` }));
  return {
    [`packages/${short}/package.json`]: JSON.stringify(manifest, null, 2),
    [`packages/${short}/tsconfig.json`]: JSON.stringify({ references }),
  };
}

/**
 * The guard's findings as `file:line`.
 * @param {(workspace: Workspace) => Violation[]} guard
 * @param {Record<string, string>} files
 */
function places(guard, files) {
  return guard(new Map(Object.entries(files))).map(({ file, line }) => `${file}:${line}`);
}

describe('import-direction', () => {
  const packages = {
    ...sound('core'),
    ...sound('fetch'),
    ...sound('postgres'),
    ...sound('mysql'),
    ...sound('tsmolt'),
  };

  it.each([
    ['packages/core/src/a.ts', "import { x } from '@tsmolt/fetch';"],
    ['packages/fetch/src/a.ts', "import type { x } from '@tsmolt/postgres';"],
    ['packages/postgres/src/a.ts', "const x = await import('@tsmolt/mysql');"],
    ['packages/tsmolt/src/a.ts', "export * from '@tsmolt/testkit';"],
    ['packages/tsmolt/src/a.ts', "export * from '@tsmolt/testkit/contracts';"],
    ['packages/tsmolt/src/a.ts', "import { x } from '@tsmolt/core/src/names.js';"],
    ['packages/fetch/src/a.ts', "import { x } from '../../core/src/names.js';"],
    ['packages/fetch/src/a.test.ts', "import { x } from '../../core/src/names.js';"],
    ['test/a.test.ts', "import { x } from '../packages/core/src/names.js';"],
    ['packages/core/src/a.ts', "import {\n  x,\n} from '@tsmolt/fetch';"],
  ])('refuses in %s: %s', (file, line) => {
    expect(places(importDirection, { ...packages, [file]: line })).toEqual([
      `${file}:${line.split('\n').length}`,
    ]);
  });

  it.each([
    ['packages/fetch/src/a.ts', "import { x } from '@tsmolt/core';"],
    ['packages/tsmolt/src/a.ts', "const x = await import('@tsmolt/mysql');"],
    ['packages/fetch/src/a.test.ts', "import { x } from '@tsmolt/testkit';"],
    ['packages/fetch/test/a.test.ts', "import { x } from '@tsmolt/postgres';"],
    ['packages/core/src/a.ts', "import { x } from './plan/b.js';\nimport fs from 'node:fs';"],
    ['packages/core/src/a.ts', "// import { x } from '@tsmolt/fetch';"],
    ['packages/postgres/test/a.test.ts', "import { x } from '@tsmolt/testkit/contracts';"],
  ])('allows in %s: %s', (file, line) => {
    expect(places(importDirection, { ...packages, [file]: line })).toEqual([]);
  });
});

describe('declared-dependencies', () => {
  const root = { 'package.json': JSON.stringify({ devDependencies: { vitest: '4.0.0' } }) };

  it('wants every import in the own package.json', () => {
    const files = {
      ...root,
      ...sound('core', { pino: '1.0.0' }),
      ...sound('fetch', { '@tsmolt/core': '1.0.0' }),
    };
    const source =
      "import { a } from 'pino';\nimport { b } from 'vitest';\nimport { c } from '@tsmolt/core';\n";
    expect(places(declaredDependencies, { ...files, 'packages/fetch/src/a.ts': source })).toEqual([
      'packages/fetch/src/a.ts:1',
      'packages/fetch/src/a.ts:2',
    ]);
    expect(places(declaredDependencies, { ...files, 'packages/core/src/a.test.ts': source })).toEqual([]);
  });

  it('wants references and dependencies to agree', () => {
    const files = { ...root, ...sound('core'), ...sound('fetch', { '@tsmolt/core': '1.0.0' }) };
    expect(places(declaredDependencies, files)).toEqual([]);
    expect(places(declaredDependencies, { ...files, 'packages/fetch/tsconfig.json': '{}' })).toEqual([
      'packages/fetch/tsconfig.json:1',
    ]);
    const extra = JSON.stringify({ references: [{ path: '../fetch' }] });
    expect(places(declaredDependencies, { ...files, 'packages/core/tsconfig.json': extra })).toHaveLength(1);
  });
});

describe('engine-switch', () => {
  it.each([
    "if (engine === 'postgres') return;",
    "if ('mysql' !== name) return;",
    "case 'oracle':",
    "text.startsWith('cockroach')",
    "version.includes('MariaDB')",
    '/cockroachdb/i.test(version)',
    'if (database.product === other) return;',
    'switch (database.product) {',
  ])('refuses %s outside of the adapters', (line) => {
    expect(places(engineSwitch, { 'packages/verify/src/a.ts': `\n${line}` })).toEqual([
      'packages/verify/src/a.ts:2',
    ]);
    expect(
      places(engineSwitch, { 'packages/mysql/src/a.ts': line, 'packages/verify/src/a.test.ts': line }),
    ).toEqual([]);
  });

  it.each([
    "log.info('connected to postgres')",
    '// x === "mysql"',
    'if (database.capabilities.importsUrls) return;',
  ])('allows %s', (line) => {
    expect(places(engineSwitch, { 'packages/verify/src/a.ts': line })).toEqual([]);
  });
});

describe('file-names', () => {
  it.each([
    ['packages/core/src/tableName.ts', ''],
    ['packages/core/src/string-utils.ts', ''],
    ['packages/core/src/helpers/a.ts', ''],
    ['packages/mysql/src/reader.ts', ''],
    ['packages/core/src/plan/index.ts', 'export const a = 1;'],
    ['packages/core/src/plan.ts', "export { a } from './a.js';\nexport type { B } from './b.js';\n"],
  ])('refuses %s', (file, content) => {
    expect(places(fileNames, { [file]: content })).toEqual([`${file}:1`]);
  });

  it.each([
    'packages/core/src/index.ts',
    'packages/core/src/table-name.test.ts',
    'packages/mysql/src/introspect.ts',
    'packages/mysql/src/load/reader.ts',
    'scripts/guards/run.mjs',
    'docs/OLD_Name.md',
  ])('allows %s', (file) => {
    expect(places(fileNames, { [file]: "export * from './a.js';\nexport const b = 1;\n" })).toEqual([]);
  });
});

describe('text', () => {
  // The dots keep these lines from being found in this file.
  it.each([
    "const path = '/wo·rk/x';",
    'cd /ho·me/somebody',
    'https://registry.np·mjs.org/',
    '// TO·DO: later',
    "it.on·ly('x', () => {});",
    '// @ts-ig·nore',
    'x as a·ny;',
    '// oxlint-dis·able-next-line',
  ])('refuses %s', (line) => {
    const files = { 'a.test.ts': `\n${line.replace('·', '')}` };
    expect(places(text, files)).toEqual(['a.test.ts:2']);
  });

  it.each(["import './work/plan.js'", 'benchmarks/work/results', 'list.skip(1)', 'as many as you like'])(
    'allows %s',
    (line) => {
      expect(places(text, { 'a.test.ts': line })).toEqual([]);
    },
  );
});

describe('package-shape', () => {
  it('accepts a sound package', () => {
    expect(
      places(packageShape, {
        'package.json': '{ "license": "Apache-2.0", "private": true }',
        ...sound('core'),
      }),
    ).toEqual([]);
  });

  it.each([
    ['a range', sound('core', { pino: '^1.0.0' })],
    ['another version of a package', { ...sound('core'), ...sound('fetch', { '@tsmolt/core': '0.9.0' }) }],
    ['no license', sound('core', {}, { license: undefined })],
    ['no exports', sound('core', {}, { exports: undefined })],
    ['no files', sound('core', {}, { files: undefined })],
    ['no engines', sound('core', {}, { engines: undefined })],
  ])('refuses %s', (_title, files) => {
    const root = { 'package.json': '{ "license": "Apache-2.0", "private": true }' };
    expect(places(packageShape, { ...root, ...files })).toHaveLength(1);
  });

  it('lets private packages do without a front door', () => {
    const files = sound(
      'testkit',
      {},
      { private: true, exports: undefined, files: undefined, engines: undefined },
    );
    expect(
      places(packageShape, { 'package.json': '{ "license": "Apache-2.0", "private": true }', ...files }),
    ).toEqual([]);
  });
});

describe('run', () => {
  const program = fileURLToPath(new URL('run.mjs', import.meta.url));

  it('prints the place of every violation in files that git would track, and fails', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsmolt-guards-'));
    try {
      const files = {
        ...sound('core'),
        'packages/core/src/string-utils.ts': '',
        'ignored/a-utils.ts': '',
        '.gitignore': 'ignored/',
      };
      for (const [file, content] of Object.entries({
        ...files,
        'package.json': '{ "license": "Apache-2.0", "private": true }',
      })) {
        mkdirSync(join(folder, dirname(file)), { recursive: true });
        writeFileSync(join(folder, file), content);
      }
      execFileSync('git', ['init', '--quiet'], { cwd: folder });
      const { status, stderr, stdout } = spawnSync(process.execPath, [program, folder], { encoding: 'utf8' });
      expect(status).toBe(1);
      expect(stderr.trim()).toMatch(/^packages\/core\/src\/string-utils\.ts:1 file-names: .*name it after/);
      expect(stdout).toContain('1 violations');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
