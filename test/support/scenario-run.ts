import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3Credentials } from '@tsmolt/testkit';
import type { ExpectStatic } from 'vitest';
import type { ExpectedLine, RouteName, Scenario, Step } from './scenario.js';
import { printedTable } from './scenario-databases.js';
import type { ScenarioDatabase } from './scenario-databases.js';
import { startTsmolt } from './tsmolt.js';
import type { Finished, LogLine } from './tsmolt.js';

export interface ScenarioPlace {
  readonly source: ScenarioDatabase;
  readonly target: ScenarioDatabase;
  readonly route: RouteName;
  /** Of the S3 server; its bucket is `migration`. */
  readonly s3Url: string;
  /** The running test's own: tests run side by side. */
  readonly expect: ExpectStatic;
}

/** Runs the commands of a scenario one after the other and judges each. */
export async function runScenario(scenario: Scenario, place: ScenarioPlace): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'tsmolt-scenario-'));
  try {
    const configFiles = new Map<string, string>();
    for (const [name, content] of Object.entries(scenario.configFiles ?? {})) {
      const path = join(root, name);
      await writeFile(path, JSON.stringify(content));
      configFiles.set(name, path);
    }
    const run = new ScenarioRun(place, join(root, 'files'), configFiles);
    for (const step of [scenario, ...(scenario.next ?? [])]) await run.step(step);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

class ScenarioRun {
  readonly #place: ScenarioPlace;
  readonly #folder: string;
  readonly #configFiles: ReadonlyMap<string, string>;
  /** What all commands so far have said. */
  readonly #said: LogLine[] = [];

  constructor(place: ScenarioPlace, folder: string, configFiles: ReadonlyMap<string, string>) {
    this.#place = place;
    this.#folder = folder;
    this.#configFiles = configFiles;
  }

  async step(step: Step): Promise<void> {
    const { source, target } = this.#place;
    await source.run(step.source ?? []);
    await target.run(step.target ?? []);
    for (const name of step.removedFiles ?? []) await rm(join(this.#folder, name));
    const command = this.#command(step);
    const finished = await startTsmolt(command, undefined, s3Environment(this.#place.s3Url)).finished;
    this.#said.push(...finished.log);
    this.#place
      .expect(finished.exitCode, `${finished.failure}\nof: ${command.join(' ')}`)
      .toBe(step.exitCode ?? 0);
    this.#judgeLog(step, finished);
    for (const [statement, rows] of Object.entries(step.rows ?? {})) {
      this.#place.expect(await printedTable(target.url, statement), statement).toEqual(rows);
    }
    if (step.files !== undefined) this.#place.expect(await filesIn(this.#folder)).toEqual(step.files);
  }

  #command(step: Step): string[] {
    const { source, target, route } = this.#place;
    if (step.command === 'fetch tokens list') {
      return ['fetch', 'tokens', 'list', '--conn-string', target.url, '--allow-tls-mode-disable'];
    }
    return [
      'fetch',
      ...(step.without === 'source' ? [] : ['--source', source.url]),
      ...(step.without === 'target' ? [] : ['--target', target.url]),
      '--allow-tls-mode-disable',
      '--non-interactive',
      '--metrics-listen-addr',
      '127.0.0.1:0',
      '--pprof-listen-addr',
      '127.0.0.1:0',
      ...routes[route].map((flag) => this.#filled(flag)),
      ...(step.flags ?? []).map((flag) => this.#filled(flag)),
    ];
  }

  #judgeLog(step: Step, finished: Finished): void {
    for (const line of step.log ?? []) {
      const { said, fields } = this.#find(line, finished);
      this.#place.expect(said, `a line that says ${line.message}; ${finished.stdout}`).not.toEqual([]);
      this.#place.expect(said).toContainEqual(this.#place.expect.objectContaining(fields));
    }
    for (const line of step.noLog ?? []) {
      const { said, fields } = this.#find(line, finished);
      this.#place.expect(said).not.toContainEqual(this.#place.expect.objectContaining(fields));
    }
    for (const text of step.output ?? []) this.#place.expect(finished.stdout + finished.stderr).toMatch(text);
  }

  /** The lines with that message, and what one of them must hold. */
  #find(
    line: ExpectedLine,
    { log }: Finished,
  ): { readonly said: readonly unknown[]; readonly fields: Record<string, unknown> } {
    const { message: wanted, ...others } = line;
    const text = typeof wanted === 'string' ? this.#filled(wanted) : wanted;
    const said = log.filter(({ message }) =>
      typeof text === 'string' ? message === text : text.test(message),
    );
    return { said, fields: this.#matchers(others) as Record<string, unknown> };
  }

  #matchers(value: unknown): unknown {
    if (value instanceof RegExp) return this.#place.expect.stringMatching(value) as unknown;
    if (typeof value === 'string') return this.#filled(value);
    if (Array.isArray(value)) return value.map((element) => this.#matchers(element));
    if (typeof value !== 'object' || value === null || 'asymmetricMatch' in value) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.#matchers(inner)]));
  }

  #filled(text: string): string {
    return text.replaceAll(/\{([^{}]+)\}/g, (_whole, name: string) => this.#placeholder(name));
  }

  #placeholder(name: string): string {
    const path = this.#configFiles.get(name);
    if (path !== undefined) return path;
    const { source } = this.#place;
    if (name === 'folder') return this.#folder;
    if (name === 'database') return source.name;
    if (name === 'slot') return `slot_${source.name}`;
    const token = /^token of (.+)$/.exec(name)?.[1];
    const said = this.#said.findLast((line) =>
      token === undefined ? 'fetch_id' in line : line['table'] === token && 'continuation_token' in line,
    );
    const value = said?.[token === undefined ? 'fetch_id' : 'continuation_token'];
    if (typeof value === 'string' && (token !== undefined || name === 'fetch id')) return value;
    throw new Error(`nothing is known of {${name}}`);
  }
}

const localFiles = ['--local-path', '{folder}'];
const bucketFiles = ['--bucket-path', 's3://migration/{database}'];

const routes: Readonly<Record<RouteName, readonly string[]>> = {
  'direct to PostgreSQL': ['--direct-copy'],
  'direct to CockroachDB': ['--direct-copy'],
  'files, COPY to PostgreSQL': [...localFiles, '--use-copy'],
  'files, COPY to CockroachDB': [...localFiles, '--use-copy'],
  'files, IMPORT INTO CockroachDB': [...localFiles, '--local-path-listen-addr', '127.0.0.1:0'],
  'S3, COPY to PostgreSQL': [...bucketFiles, '--use-copy'],
  'S3, IMPORT INTO CockroachDB': bucketFiles,
};

function s3Environment(url: string): NodeJS.ProcessEnv {
  return {
    AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
    AWS_REGION: s3Credentials.region,
    AWS_ENDPOINT_URL: url,
  };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}
