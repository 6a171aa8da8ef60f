import { fileURLToPath } from 'node:url';

/** How a shell starts the built command. */
export function tsmoltCommand(): string {
  return `node '${fileURLToPath(new URL('../bin/tsmolt.js', import.meta.resolve('tsmolt')))}'`;
}
