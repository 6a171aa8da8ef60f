export interface ArrayElement {
  readonly text: string;
  /** It is an array itself. */
  readonly nested: boolean;
}

/**
 * The elements of an array as PostgreSQL and CockroachDB print it (manual, "Array Input and Output Syntax"); null for NULL.
 *
 * @returns undefined for what is no array in braces, as one with bounds is
 */
export function arrayElements(text: string): (ArrayElement | null)[] | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
  const elements: (ArrayElement | null)[] = [];
  for (let at = 1; at < text.length - 1; at++) {
    const end = elementEnd(text, at);
    elements.push(elementOf(text.slice(at, end)));
    at = end;
  }
  return elements;
}

/** Where the element that starts at a place ends: at the next comma or brace that is neither quoted nor inside of braces. */
function elementEnd(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length - 1; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '{') depth++;
    else if (character === '}') depth--;
    else if (character === ',' && depth === 0) return at;
  }
  return text.length - 1;
}

function elementOf(text: string): ArrayElement | null {
  if (text.startsWith('{')) return { text, nested: true };
  if (text.startsWith('"')) return { text: text.slice(1, -1).replaceAll(/\\(.)/gs, '$1'), nested: false };
  return text === 'NULL' ? null : { text, nested: false };
}
