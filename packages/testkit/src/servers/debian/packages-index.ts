/** What the dependency closure needs of one package. */
export interface DebianPackage {
  readonly name: string;
  /** All must be met; each is a list of alternatives, any of which meets it. */
  readonly depends: readonly (readonly string[])[];
}

/** A suite's packages. Versions are left out: a suite is consistent in itself. */
export interface PackagesIndex {
  readonly packages: ReadonlyMap<string, DebianPackage>;
  /** Virtual package -> the first package that provides it. */
  readonly providers: ReadonlyMap<string, string>;
}

/** Reads a `Packages` file line by line; only what the closure needs stays in memory. */
export async function readPackagesIndex(lines: AsyncIterable<string>): Promise<PackagesIndex> {
  const packages = new Map<string, DebianPackage>();
  const providers = new Map<string, string>();
  let fields = new Map<string, string>();
  const finishStanza = (): void => {
    const name = fields.get('Package');
    if (name !== undefined) {
      packages.set(name, { name, depends: dependencies(fields) });
      for (const virtual of namesOf(fields.get('Provides')))
        if (!providers.has(virtual)) providers.set(virtual, name);
    }
    fields = new Map();
  };
  for await (const line of lines) {
    if (line === '') finishStanza();
    const field = /^(Package|Depends|Pre-Depends|Provides): (.*)$/.exec(line);
    if (field?.[1] !== undefined && field[2] !== undefined) fields.set(field[1], field[2]);
  }
  finishStanza();
  return { packages, providers };
}

/**
 * The packages that `roots` need, themselves included, sorted by name.
 * @param without packages to leave out with all that only they need
 * @throws if something is neither in the index nor provided by a package there
 */
export function dependencyClosure(
  index: PackagesIndex,
  roots: readonly string[],
  without: ReadonlySet<string>,
): string[] {
  const chosen = new Set<string>();
  const pending = roots.map((root) => [root]);
  for (let alternatives = pending.pop(); alternatives !== undefined; alternatives = pending.pop()) {
    if (alternatives.some((name) => without.has(name) || chosen.has(name))) continue;
    const found = firstAvailable(index, alternatives);
    if (found === undefined) throw new Error(`no package in the index meets "${alternatives.join(' | ')}"`);
    if (chosen.has(found.name) || without.has(found.name)) continue;
    chosen.add(found.name);
    pending.push(...found.depends.map((one) => [...one]));
  }
  return [...chosen].toSorted();
}

function firstAvailable(index: PackagesIndex, alternatives: readonly string[]): DebianPackage | undefined {
  for (const name of alternatives) {
    const found = index.packages.get(name) ?? index.packages.get(index.providers.get(name) ?? '');
    if (found !== undefined) return found;
  }
  return undefined;
}

function dependencies(fields: ReadonlyMap<string, string>): string[][] {
  const clauses = [fields.get('Pre-Depends'), fields.get('Depends')].filter((text) => text !== undefined);
  return clauses.flatMap((text) => text.split(',').map((clause) => clause.split('|').map(packageName)));
}

function namesOf(list: string | undefined): string[] {
  return list === undefined ? [] : list.split(',').map(packageName);
}

/** `libc6:any (>= 2.34)` -> `libc6` */
function packageName(relation: string): string {
  return relation.trim().replace(/[\s:(].*$/, '');
}
