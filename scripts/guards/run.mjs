import { declaredDependencies } from './declared-dependencies.mjs';
import { engineSwitch } from './engine-switch.mjs';
import { fileNames } from './file-names.mjs';
import { importDirection } from './import-direction.mjs';
import { packageShape } from './package-shape.mjs';
import { text } from './text.mjs';
import { readWorkspace } from './workspace.mjs';

/**
 * Checks the conventions that neither the compiler nor the linter knows: `node scripts/guards/run.mjs [folder]`. Every
 * violation is one line, `file:line guard: what to do`.
 */
const guards = {
  'import-direction': importDirection,
  'declared-dependencies': declaredDependencies,
  'engine-switch': engineSwitch,
  'file-names': fileNames,
  text,
  'package-shape': packageShape,
};

const workspace = readWorkspace(process.argv[2] ?? process.cwd());
const found = Object.entries(guards).flatMap(([name, guard]) =>
  guard(workspace).map(({ file, line, message }) => `${file}:${line} ${name}: ${message}`),
);
for (const line of found) console.error(line);
console.log(
  `guards: ${workspace.size} files, ${Object.keys(guards).length} guards, ${found.length} violations`,
);
process.exitCode = found.length === 0 ? 0 : 1;
