/** Keeps the line below the head of a printed table; one after each row would make the table twice as long. */
export function withoutInnerLines(table: string): string {
  const lines = table.split('\n');
  const inner = (line: string): boolean => /^[├+]/.test(line);
  const kept = [0, lines.findIndex((line, index) => index > 0 && inner(line)), lines.length - 1];
  return lines.filter((line, index) => kept.includes(index) || !inner(line)).join('\n');
}
