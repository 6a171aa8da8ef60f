import { codeLines } from './workspace.mjs';

/** @import { Violation, Workspace } from './workspace.mjs' */

/** Where an engine may be told apart by its name: the adapters, the composition root, and testkit, which starts them. */
const exempt =
  /^packages\/(postgres|cockroachdb|mysql|oracle|testkit)\/|^packages\/tsmolt\/src\/databases\.ts$|\.test\.ts$/;

const engine = '(postgres|cockroach|crdb|mysql|mariadb|oracle)';
const quoted = `['"\`]${engine}`;
const patterns = [
  `[=!]==?\\s*${quoted}`,
  `${quoted}\\w*['"\`]\\s*[=!]==?`,
  `\\bcase\\s+${quoted}`,
  `\\.(startsWith|endsWith|includes|indexOf|match|search)\\(\\s*(${quoted}|/\\W*${engine})`,
  `/\\W*${engine}[^/]*/\\w*\\.(test|exec)\\(`,
  '\\.(product|engine|dialect)\\b\\s*([=!]==?|\\.(startsWith|includes|match)\\()',
  '\\bswitch\\s*\\([^)]*\\b(product|engine|dialect)\\s*\\)',
].map((source) => new RegExp(source, 'i'));

/**
 * No package but an adapter asks which engine it talks to.
 * @param {Workspace} workspace
 * @returns {Violation[]}
 */
export function engineSwitch(workspace) {
  const sources = [...workspace].filter(
    ([file]) => /^packages\/[^/]+\/src\/.*\.ts$/.test(file) && !exempt.test(file),
  );
  return sources.flatMap(([file, text]) =>
    codeLines(text).flatMap((code, index) =>
      patterns.some((pattern) => pattern.test(code)) ? [{ file, line: index + 1, message: advice }] : [],
    ),
  );
}

const advice =
  'this asks which engine it talks to: add a capability flag or a port to packages/core/src/ports, let each adapter answer it, and ask that';
