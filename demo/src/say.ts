const bold = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

/** The title of a part of the demo. */
export function heading(text: string): void {
  process.stdout.write(bold ? `\n\u001b[1m${text}\u001b[0m\n` : `\n${text}\n`);
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** `1,234 orders`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12.3 s` since a `performance.now()`. */
export function secondsSince(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
