import { Expression } from './posix/expression.js';
import { readOptions } from './posix/options.js';
import { PatternReader } from './posix/pattern-reader.js';

/**
 * The JavaScript form of a PostgreSQL regular expression as its operator `~` means it: an advanced regular expression
 * (PostgreSQL manual, "POSIX Regular Expressions") that matches anywhere in the text and regards case.
 *
 * The answer of `test` is the operator's; what the groups capture is not promised. A pattern whose meaning JavaScript
 * cannot give is refused, never given another one. Beyond ASCII, classes such as `\w` are Unicode's.
 *
 * @param flag the option that the pattern came from, for the message
 * @throws TsmoltError `TSM1003`
 */
export function compilePosix(pattern: string, flag: string): RegExp {
  const reader = new PatternReader(pattern, flag);
  const source = new Expression(reader, readOptions(reader)).translate();
  try {
    // Left to search by itself, V8 also tries the place between the two halves of a surrogate pair, where no character
    // starts and every constraint on neighbours fails or holds by accident. `.` steps over whole characters.
    return new RegExp(`^.*?(?:${source})`, 'su');
  } catch {
    throw reader.unsupported('this pattern', 'Write it in a simpler way.');
  }
}
