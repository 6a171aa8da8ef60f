import { codeLines } from './workspace.mjs';

const importPattern = /(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"\n]+)\1/g;

/**
 * What a module imports: static, dynamic and type imports, and re-exports.
 * @param {string} text
 * @returns {{ specifier: string, line: number }[]}
 */
export function importsOf(text) {
  return codeLines(text).flatMap((code, index) =>
    [...code.matchAll(importPattern)].map((match) => ({ specifier: match[2] ?? '', line: index + 1 })),
  );
}

/**
 * The package that a specifier names: `@scope/name` or `name`; undefined for files and Node's own modules.
 * @param {string} specifier
 */
export function packageNameOf(specifier) {
  // `replicator@v2` is what userscripts import: no package, but the sandbox's own API.
  if (/^[./]|^node:|^#|^replicator@v2$/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
