import { isUtf8 } from 'node:buffer';

/** What bytes of a character set say. */
export interface DecodedText {
  /** With a substitute in place of what is no character of the set. */
  readonly text: string;
  /** Whether nothing had to be substituted: servers store also bytes that their character set does not know. */
  readonly isExact: boolean;
}

/** Turns bytes of one character set into text. */
export type DecodeText = (bytes: Buffer) => DecodedText;

/** Decides what becomes of a value that is not exact. @returns what is written in its place @throws TsmoltError `TSM3008` */
export type InexactText = (nearest: string) => string | null;

/** Stands for what is no character, and is one itself. */
export const substitute = '\uFFFD';

export function utf8(bytes: Buffer): DecodedText {
  const text = bytes.toString('utf8');
  return { text, isExact: !text.includes(substitute) || isUtf8(bytes) };
}

/** @param text which may have halves of surrogate pairs by themselves */
export function utf16(text: string): DecodedText {
  return loneSurrogate.test(text)
    ? { text: text.replaceAll(loneSurrogates, substitute), isExact: false }
    : { text, isExact: true };
}

/** With this flag a pair is one character of another class. */
const loneSurrogate = /\p{Surrogate}/u;
const loneSurrogates = new RegExp(loneSurrogate, 'gu');
