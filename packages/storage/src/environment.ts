/** The first of the variables that is set and not empty. */
export function environmentVariable(...names: readonly string[]): string | undefined {
  return names.map((name) => process.env[name]).find((value) => value !== undefined && value !== '');
}
