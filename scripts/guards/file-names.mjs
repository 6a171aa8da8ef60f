import { codeLines } from './workspace.mjs';

/** @import { Violation, Workspace } from './workspace.mjs' */

/** The adapters' files, the same in each: a file, or a folder of that name where one file is not enough. */
const adapterFiles =
  'connect introspect types snapshot export load hash changes apply position errors sql index'.split(' ');
const adapterFile = /^packages\/(?:postgres|cockroachdb|mysql|oracle)\/src\/([^/.]+)/;
const sourceFile = /^(packages|demo|benchmarks|test|scripts)\/.*\.[cm]?[jt]s$/;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/;
const emptyNames = /(^|-)(utils?|helpers?|common|managers?|misc)(-|\.|$)/;

/**
 * Files say by their name what is in them.
 * @param {Workspace} workspace
 * @returns {Violation[]}
 */
export function fileNames(workspace) {
  return [...workspace].flatMap(([file, text]) => {
    if (!sourceFile.test(file)) return [];
    return faults(file, text).map((message) => ({ file, line: 1, message }));
  });
}

/**
 * @param {string} file
 * @param {string} text
 */
function faults(file, text) {
  const parts = file.split('/');
  const odd = parts
    .filter((part) => !kebabCase.test(part))
    .map((part) => `${part} is not in kebab-case: rename it`);
  const empty = parts
    .filter((part) => emptyNames.test(part))
    .map((part) => `${part} does not say what is in it: name it after the noun that it is about`);
  const name = adapterFile.exec(file)?.[1];
  const strange = name !== undefined && !adapterFiles.includes(name);
  const advice = `${name} is no file of an adapter: put it into (a folder named) one of ${adapterFiles.join(', ')}`;
  return [...odd, ...empty, ...(strange ? [advice] : []), ...(isBarrel(file, text) ? [barrelAdvice] : [])];
}

const barrelAdvice = "only a package's src/index.ts re-exports: import from the file that declares the thing";

/**
 * @param {string} file
 * @param {string} text
 */
function isBarrel(file, text) {
  if (/^packages\/([^/]+\/src|testkit\/src\/contracts)\/index\.ts$/.test(file)) return false;
  if (/(^|\/)index\.[cm]?[jt]s$/.test(file)) return true;
  const code = codeLines(text)
    .join('\n')
    .replaceAll(/export\s+(type\s+)?(\*|\{[^}]*\})[^'"]*(['"])[^'"]+\3;?/g, '');
  return code.trim() === '' && text.includes('export ');
}
