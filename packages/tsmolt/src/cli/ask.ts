import { createInterface } from 'node:readline/promises';

/** Asks a person for yes or no; everything but yes is no. */
export async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} Go on? [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    // Ctrl-C at the question is an answer too.
    return false;
  } finally {
    terminal.close();
  }
}
