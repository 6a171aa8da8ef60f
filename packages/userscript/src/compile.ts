import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Message, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { TsmoltError } from '@tsmolt/core';
import { ScriptPositions } from './script-positions.js';

export interface CompiledScript {
  /** What the sandbox runs: our side of the interface, then the script and what it imports. */
  readonly code: string;
  readonly positions: ScriptPositions;
}

const library = 'replicator@v2';
/** Beside this file, in the sources and in what is published: esbuild finds either. */
const guestFolder = fileURLToPath(new URL('guest/', import.meta.url));
/** Where our own files lie, and those that they were compiled from, which their maps name. */
const ownFolders = ['dist/', 'src/'].map((folder) => fileURLToPath(new URL(`../${folder}`, import.meta.url)));
/** The file, of two lines, that imports our side and then the script. */
const entryName = 'userscript-entry';
const mostErrors = 5;
let compiling = 0;

/**
 * Compiles a script and the files that it imports into one.
 *
 * Types are taken away, not checked: an editor with the files of `writeTypeDefinitions` checks them.
 *
 * @throws TsmoltError `TSM1006` with file, line and column of what cannot be read or imported
 */
export async function compileScript(file: string): Promise<CompiledScript> {
  if (!existsSync(file))
    throw unusable(`there is no userscript ${file}`, 'Give the path of a TypeScript file.');
  const script = await realpath(file);
  const { build, stop } = await import('esbuild');
  compiling++;
  try {
    const { outputFiles } = await build({
      stdin: {
        contents: 'import "guest";import "script";',
        resolveDir: guestFolder,
        sourcefile: entryName,
      },
      absWorkingDir: dirname(script),
      bundle: true,
      write: false,
      outfile: join(dirname(script), 'userscript.js'),
      sourcemap: 'external',
      sourcesContent: false,
      format: 'iife',
      platform: 'neutral',
      target: 'es2022',
      // Modules are strict; a bundle of them has to be told.
      banner: { js: '"use strict";' },
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'silent',
      resolveExtensions: ['.ts', '.js', '.json'],
      // A tsconfig.json beside the script is for the editor: it must not send imports elsewhere.
      tsconfigRaw: {},
      plugins: [importsOf(script)],
    });
    const [map, bundle] = ['.map', '.js'].map((end) => outputFiles.find(({ path }) => path.endsWith(end)));
    const positions = new ScriptPositions(map?.text ?? '{}', (source) => shownName(file, script, source));
    return { code: bundle?.text ?? '', positions };
  } catch (error) {
    throw compileError(error, file);
  } finally {
    // esbuild works in a process of its own, which is needed no more.
    if (--compiling === 0) await stop();
  }
}

/** Decides what a script may import: the interface, and files beside it. */
function importsOf(script: string): Plugin {
  return {
    name: 'userscript-imports',
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => resolveImport(build, script, args));
    },
  };
}

const alreadyChecked = Symbol('already checked');

async function resolveImport(
  build: PluginBuild,
  script: string,
  args: OnResolveArgs,
): Promise<OnResolveResult | undefined> {
  if (args.pluginData === alreadyChecked) return undefined;
  if (args.importer === join(guestFolder, entryName))
    return args.path === 'script' ? { path: script } : resolveGuest(build, './entry', args);
  if (args.path === library) return resolveGuest(build, './api', args);
  if (args.importer.startsWith(guestFolder)) return undefined;
  if (!/^\.{1,2}\//.test(args.path)) return { errors: [{ text: refusedImport(args.path) }] };
  const found = await build.resolve(args.path, {
    kind: args.kind,
    importer: args.importer,
    resolveDir: args.resolveDir,
    pluginData: alreadyChecked,
  });
  if (found.errors.length > 0) return { errors: [{ text: `there is no file ${args.path}` }] };
  const inside = (await realpath(found.path)).startsWith(dirname(script) + sep);
  const outside = `${args.path} lies outside of the script's directory: a userscript imports files beside it or below`;
  return inside ? { path: found.path } : { errors: [{ text: outside }] };
}

async function resolveGuest(
  build: PluginBuild,
  path: string,
  { kind }: OnResolveArgs,
): Promise<OnResolveResult> {
  const found = await build.resolve(path, { kind, resolveDir: guestFolder, pluginData: alreadyChecked });
  return { path: found.path, errors: found.errors };
}

function refusedImport(path: string): string {
  return `a userscript cannot import ${path}: only "${library}" and files beside it ("./rates.ts") can be imported`;
}

/** The name of a source as the user knows it: beside the path that was given. Undefined for what is not the user's. */
function shownName(given: string, script: string, source: string): string | undefined {
  const path = resolve(dirname(script), source);
  if (path === script) return given;
  if (ownFolders.some((folder) => path.startsWith(folder))) return undefined;
  return join(dirname(given), relative(dirname(script), path));
}

function compileError(error: unknown, file: string): unknown {
  const messages = (error as { errors?: unknown }).errors;
  if (!Array.isArray(messages) || messages.length === 0) return error;
  const shown = (messages as Message[]).slice(0, mostErrors).map((message) => messageText(message, file));
  const more = messages.length > mostErrors ? ` (and ${String(messages.length - mostErrors)} more)` : '';
  return unusable(shown.join('; ') + more, 'Correct the userscript.');
}

function messageText({ text, location }: Message, file: string): string {
  if (location === null) return `${file}: ${text}`;
  const name = join(dirname(file), location.file);
  // esbuild counts columns in bytes, from 0.
  const column = Buffer.from(location.lineText).subarray(0, location.column).toString().length + 1;
  return `${name}:${String(location.line)}:${String(column)}: ${text}`;
}

function unusable(message: string, advice: string): TsmoltError {
  return new TsmoltError('TSM1006', { message, advice });
}
