const pairs: readonly string[] = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));

/** A whole number with zeros before it, up to so many digits. Most are of two. */
export function zeroPadded(value: number, digits: number): string {
  if (digits === 2) return pairs[value] ?? String(value);
  const text = String(value);
  return text.length >= digits ? text : text.padStart(digits, '0');
}
