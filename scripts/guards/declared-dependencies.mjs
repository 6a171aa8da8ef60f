import { importsOf, packageNameOf } from './imports.mjs';
import { isTestCode, lineOf, manifestOf, packageOf, packagesOf } from './workspace.mjs';

/** @import { Package, Violation, Workspace } from './workspace.mjs' */

/**
 * What a package imports is in its own package.json, and its tsconfig.json refers to the workspace packages among them.
 * @param {Workspace} workspace
 * @returns {Violation[]}
 */
export function declaredDependencies(workspace) {
  const packages = packagesOf(workspace);
  return [
    ...undeclaredImports(workspace, packages),
    ...packages.flatMap((one) => references(workspace, packages, one)),
  ];
}

/**
 * @param {Workspace} workspace
 * @param {readonly Package[]} packages
 * @returns {Violation[]}
 */
function undeclaredImports(workspace, packages) {
  // Tests may use the tools of the root's package.json, and every package of the workspace.
  const tools = Object.keys(manifestOf(workspace.get('package.json')).devDependencies ?? {});
  const forTests = [...tools, ...packages.map(({ manifest }) => manifest.name)];
  return [...workspace].flatMap(([file, text]) => {
    const owner = packageOf(packages, file);
    if (owner === undefined || !/\.[cm]?[jt]s$/.test(file)) return [];
    const {
      name,
      dependencies,
      optionalDependencies,
      peerDependencies,
      devDependencies,
      private: internal,
    } = owner.manifest;
    const shipped = {
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
      ...(internal === true ? devDependencies : {}),
    };
    const declared = [
      name,
      ...Object.keys(shipped),
      ...(isTestCode(file) ? [...Object.keys(devDependencies ?? {}), ...forTests] : []),
    ];
    return importsOf(text)
      .map(({ specifier, line }) => ({ imported: packageNameOf(specifier), line }))
      .filter(({ imported }) => imported !== undefined && !declared.includes(imported))
      .map(({ imported, line }) => ({
        file,
        line,
        message: `${imported} is not in ${owner.folder}/package.json: npm install -E -w ${owner.folder} ${imported}`,
      }));
  });
}

/**
 * @param {Workspace} workspace
 * @param {readonly Package[]} packages
 * @param {Package} one
 * @returns {Violation[]}
 */
function references(workspace, packages, { folder, manifest }) {
  const [configFile, manifestFile] = [`${folder}/tsconfig.json`, `${folder}/package.json`];
  const config = workspace.get(configFile) ?? '{}';
  const { references: listed = [] } = /** @type {{ references?: { path: string }[] }} */ (JSON.parse(config));
  const referred = new Set(listed.map(({ path }) => path.split('/').at(-1)));
  const needed = packages.filter(
    ({ manifest: { name } }) => name in { ...manifest.dependencies, ...manifest.devDependencies },
  );
  const missing = needed
    .filter(({ short }) => !referred.has(short))
    .map(({ folder: path }) => ({
      file: configFile,
      line: lineOf(config, '"references"'),
      message: `package.json depends on ${path}, "references" does not name it: add it`,
    }));
  const extra = [...referred]
    .filter((short) => !needed.some((other) => other.short === short))
    .map((short) => ({
      file: manifestFile,
      line: lineOf(workspace.get(manifestFile) ?? '', '"dependencies"'),
      message: `tsconfig.json refers to ${short}, package.json does not depend on it: add the dependency or remove the reference`,
    }));
  return [...missing, ...extra];
}
