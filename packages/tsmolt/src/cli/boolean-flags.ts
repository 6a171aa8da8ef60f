import type { Command } from 'commander';

/**
 * Lets switches be written as MOLT's (Go's) flags may be: `--case-sensitive`, `--case-sensitive=true`,
 * `--case-sensitive=false`. A value after a space is not theirs, in Go as here.
 */
export function separateBooleans(program: Command, args: readonly string[]): string[] {
  const switches = new Set(
    commandsBelow(program).flatMap((command) =>
      command.options.filter((option) => option.isBoolean()).map((option) => option.long),
    ),
  );
  return args.flatMap((arg) => {
    const match = /^(--[a-zA-Z-]+)=(true|false)$/.exec(arg);
    if (match?.[1] === undefined || !switches.has(match[1])) return [arg];
    return match[2] === 'true' ? [match[1]] : [];
  });
}

/** Every command below one, however deep. */
export function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...commandsBelow(child)]);
}
