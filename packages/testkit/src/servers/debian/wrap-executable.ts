import { chmod, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathExists } from '../path-exists.js';

/** Debian's name of the library folder, and the loader's file name, by Node's name of the architecture. */
const loaders: Readonly<Record<string, { readonly libraries: string; readonly loader: string }>> = {
  x64: { libraries: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { libraries: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/**
 * Puts a shell script in a program's place that runs it with the unpacked loader and libraries.
 *
 * The unpacked libc is another version than the system's, so neither `LD_LIBRARY_PATH` nor a plain start would do; and a
 * script in the very place serves programs that start each other (initdb starts the postgres beside it).
 * @param root the folder that the packages were unpacked into; it may be moved afterwards
 * @param executable path below `root`
 */
export async function wrapExecutable(root: string, executable: string): Promise<void> {
  const machine = loaders[process.arch];
  if (machine === undefined) throw new Error(`Debian packages cannot be run on ${process.arch}`);
  const { libraries, loader } = machine;
  const path = join(root, executable);
  const unwrapped = `${path}.unwrapped`;
  // Packages older than the merge of /lib into /usr/lib unpack the loader there.
  const folders = [`usr/lib/${libraries}`, `lib/${libraries}`];
  const home = (await pathExists(join(root, `usr/lib/${libraries}`, loader))) ? folders[0] : folders[1];
  await rename(path, unwrapped);
  const script = [
    '#!/bin/sh',
    `root="\${0%/*}/${relative(dirname(path), root)}"`,
    `exec "$root/${home}/${loader}" --argv0 "$0" \\`,
    `  --library-path "${folders.map((folder) => `$root/${folder}`).join(':')}" "$0.unwrapped" "$@"`,
    '',
  ];
  await writeFile(path, script.join('\n'));
  await chmod(path, 0o755);
}
