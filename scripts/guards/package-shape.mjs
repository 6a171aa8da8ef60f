import { lineOf, manifestOf, packagesOf } from './workspace.mjs';

/** @import { Manifest, Violation, Workspace } from './workspace.mjs' */

/**
 * Every package.json is fit to be published, and says exactly which versions it was tested with.
 * @param {Workspace} workspace
 * @returns {Violation[]}
 */
export function packageShape(workspace) {
  const packages = packagesOf(workspace);
  const versions = new Map(packages.map(({ manifest: { name, version } }) => [name, version]));
  const root = { folder: '.', short: '', manifest: manifestOf(workspace.get('package.json')) };
  return [root, ...packages].flatMap(({ folder, manifest }) => {
    const file = folder === '.' ? 'package.json' : `${folder}/package.json`;
    const content = workspace.get(file) ?? '';
    const faults = [...shapeFaults(manifest), ...dependencyFaults(manifest, versions)];
    return faults.map(({ at, message }) => ({ file, line: lineOf(content, `"${at}"`), message }));
  });
}

/** @param {Manifest} manifest */
function shapeFaults(manifest) {
  const faults = [];
  const { license, files, engines, exports: doors, private: internal } = manifest;
  if (license !== 'Apache-2.0') faults.push({ at: 'license', message: 'add "license": "Apache-2.0"' });
  if (internal === true) return faults;
  const door = doors?.['.'];
  if (door?.types === undefined || door.default === undefined) {
    faults.push({
      at: 'exports',
      message: 'add "exports": { ".": { "types": ..., "default": ... } }, types first',
    });
  }
  if (files === undefined)
    faults.push({ at: 'files', message: 'add "files", so that only dist is published' });
  if (engines?.['node'] === undefined)
    faults.push({ at: 'engines', message: 'add "engines": { "node": ... }' });
  return faults;
}

/**
 * @param {Manifest} manifest
 * @param {ReadonlyMap<string, string>} versions
 */
function dependencyFaults(manifest, versions) {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies, version } = manifest;
  const wanted = Object.entries({
    ...dependencies,
    ...devDependencies,
    ...optionalDependencies,
    ...peerDependencies,
  });
  const ranges = wanted
    .filter(([, range]) => /^[\^~><*]|^latest$|\s/.test(range))
    .map(([at, range]) => ({
      at,
      message: `${at} is asked for as ${range}: write one version (npm install -E)`,
    }));
  const strangers = wanted
    .filter(([name, range]) => versions.has(name) && range !== versions.get(name))
    .map(([at, range]) => ({
      at,
      message: `${at} is asked for as ${range}, but it is ${versions.get(at)}: make them equal`,
    }));
  const uneven = [...versions.values()].some((other) => version !== undefined && other !== version);
  const odd = { at: 'version', message: 'the versions of the packages differ: they are released together' };
  return [...ranges, ...strangers, ...(uneven ? [odd] : [])];
}
