import { readBracket } from './brackets.js';
import { characterSource, escapeSet, unionSource } from './characters.js';
import { readEscape, wordBoundaries } from './escapes.js';
import type { Escape } from './escapes.js';
import type { PatternOptions } from './options.js';
import type { PatternReader } from './pattern-reader.js';
import { readQuantifier, skipWhiteSpace } from './quantifiers.js';

/** Whether a back-reference may name the group: only where both engines agree on what it holds. */
type Capture = 'open' | 'certain' | 'in an alternative' | 'repeated' | 'tied to its place by a constraint';

/** `quantifiable: false` are constraints, which no quantifier may follow. */
interface Atom {
  readonly source: string;
  readonly quantifiable: boolean;
}

/** What is true of the text being read: where it ends, and whether it is inside of a lookahead or lookbehind. */
interface Scope {
  readonly nested: boolean;
  readonly inConstraint: boolean;
}

const lookarounds = ['(?=', '(?!', '(?<=', '(?<!'] as const;

/** Reads an expression and writes the JavaScript source that means the same. */
export class Expression {
  readonly #reader: PatternReader;
  readonly #options: PatternOptions;
  readonly #captures: Capture[] = [];
  #backReferences = 0;
  #constraints = 0;

  constructor(reader: PatternReader, options: PatternOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** The whole rest of the pattern. */
  translate(): string {
    if (!this.#options.quoted) return this.#alternatives({ nested: false, inConstraint: false });
    const characters = this.#reader.takeWhile(() => true);
    return Array.from(characters, (character) => this.#character(character)).join('');
  }

  #alternatives(scope: Scope): string {
    const firstCapture = this.#captures.length;
    const branches = [this.#branch(scope)];
    while (this.#reader.eat('|')) {
      this.#spoil(firstCapture, 'in an alternative');
      branches.push(this.#branch(scope));
    }
    if (branches.length > 1) this.#spoil(firstCapture, 'in an alternative');
    return branches.join('|');
  }

  #branch(scope: Scope): string {
    let source = '';
    for (;;) {
      this.#skip();
      const next = this.#reader.peek();
      if (this.#reader.atEnd || next === '|') return source;
      if (next === ')') {
        if (scope.nested) return source;
        throw this.#reader.invalid(') has no (', 'Write \\) to mean the character.');
      }
      source += this.#quantifiedAtom(scope);
    }
  }

  #quantifiedAtom(scope: Scope): string {
    const reader = this.#reader;
    const [firstCapture, referencesBefore, isReference] = [
      this.#captures.length,
      this.#backReferences,
      reader.peek() === '\\',
    ];
    const atom = this.#atom(scope);
    this.#skip();
    const place = reader.position;
    if (!atom.quantifiable) {
      this.#constraints++;
      return atom.source;
    }
    const quantifier = readQuantifier(reader, this.#options.expanded);
    if (quantifier === '') return atom.source;
    this.#spoil(firstCapture, 'repeated');
    if (this.#backReferences > referencesBefore && !isReference) {
      throw reader.unsupported(
        'a quantifier on a group with a back-reference',
        'Write the repetitions out.',
        place,
      );
    }
    return atom.source + quantifier;
  }

  #atom(scope: Scope): Atom {
    const reader = this.#reader;
    this.#refuseQuantifier();
    const constraint = this.#constraint();
    if (constraint !== undefined) return { source: constraint, quantifiable: false };
    if (reader.peek() === '(') return this.#group(scope);
    const start = reader.position;
    const character = reader.take();
    switch (character) {
      case '.':
        return quantifiable(this.#options.newlineStops ? '[^\\n]' : '.');
      case '[':
        return quantifiable(readBracket(reader, this.#options, this.#captures.length));
      case '\\':
        return this.#escape(readEscape(reader, this.#captures.length), scope, start);
      default:
        return quantifiable(this.#character(character));
    }
  }

  /** `^`, `$` and the words' boundaries that are no escapes. */
  #constraint(): string | undefined {
    const lines = this.#options.newlineAnchors;
    if (this.#reader.eat('^')) return lines ? '(?<![^\\n])' : '^';
    if (this.#reader.eat('$')) return lines ? '(?![^\\n])' : '$';
    for (const [text, source] of Object.entries(wordBoundaries)) {
      if (this.#reader.eat(text)) return source;
    }
    return undefined;
  }

  #group(scope: Scope): Atom {
    const start = this.#reader.position;
    for (const opening of lookarounds) {
      if (this.#reader.eat(opening)) {
        return {
          source: opening + this.#inside(start, { nested: true, inConstraint: true }),
          quantifiable: false,
        };
      }
    }
    const inner = { nested: true, inConstraint: scope.inConstraint };
    if (this.#reader.eat('(?:')) return quantifiable(`(?:${this.#inside(start, inner)}`);
    if (this.#reader.sees('(?')) {
      throw this.#reader.invalid(
        `there is no group that starts with (?${this.#reader.peek(2)}`,
        'Options such as (?i) stand at the start of the pattern only; write \\( to mean the character.',
      );
    }
    this.#reader.take();
    // Constraints capture nothing, and their parentheses are not counted.
    if (scope.inConstraint) return quantifiable(`(?:${this.#inside(start, inner)}`);
    const [index, constraintsBefore] = [this.#captures.push('open') - 1, this.#constraints];
    const source = this.#inside(start, inner);
    const constrained = this.#constraints > constraintsBefore;
    this.#captures[index] = constrained ? 'tied to its place by a constraint' : 'certain';
    return quantifiable(`(${source}`);
  }

  /** The rest of a group up to and with its `)`. */
  #inside(start: number, scope: Scope): string {
    const source = this.#alternatives(scope);
    if (!this.#reader.eat(')')) {
      throw this.#reader.invalid('( is not closed', 'Add ), or write \\( to mean the character.', start);
    }
    return `${source})`;
  }

  #escape(escape: Escape, scope: Scope, start: number): Atom {
    switch (escape.kind) {
      case 'character':
        return quantifiable(this.#character(escape.character));
      case 'class':
        return quantifiable(unionSource([escapeSet(escape.name, escape.negated)], false));
      case 'constraint':
        return { source: escape.source, quantifiable: false };
      case 'back-reference':
        return this.#backReference(escape.group, scope, start);
    }
  }

  /**
   * JavaScript lets a reference to a group that took no part match the empty string, where PostgreSQL fails; and the two
   * do not always agree on which repetition a repeated group holds. PostgreSQL loses matches where the group holds a
   * constraint (` A1a` is not `~ '$|(.\m).\1'`). Only references that cannot meet any of this are written.
   */
  #backReference(group: number, scope: Scope, start: number): Atom {
    const state = this.#captures[group - 1];
    if (scope.inConstraint || state === undefined || state === 'open') {
      throw this.#reader.invalid(
        `\\${group} refers to no group that can be referred to here`,
        'A back-reference names a group that ends before it, and is not allowed in a lookahead or lookbehind.',
        start,
      );
    }
    if (state !== 'certain' || this.#options.ignoreCase) {
      throw this.#reader.unsupported(
        `a back-reference ${state === 'certain' ? 'without regard to case' : `to a group that is ${state}`}`,
        'Write the alternatives out.',
        start,
      );
    }
    this.#backReferences++;
    return quantifiable(`(?:\\${group})`);
  }

  #character(character: string): string {
    return characterSource(this.#reader, character, this.#options.ignoreCase);
  }

  #spoil(from: number, state: Capture): void {
    this.#captures.fill(state, from);
  }

  #refuseQuantifier(): void {
    const start = this.#reader.position;
    const quantifier = readQuantifier(this.#reader, this.#options.expanded);
    if (quantifier === '') return;
    throw this.#reader.invalid(
      `the quantifier ${quantifier} follows nothing that can be repeated`,
      `Write a backslash before ${quantifier.slice(0, 1)} to mean the character.`,
      start,
    );
  }

  /** Comments, and the white space of the expanded syntax. */
  #skip(): void {
    do {
      if (this.#options.expanded) skipWhiteSpace(this.#reader);
    } while (this.#skipComment());
  }

  #skipComment(): boolean {
    if (!this.#reader.eat('(?#')) return false;
    this.#reader.takeWhile((character) => character !== ')');
    this.#reader.eat(')');
    return true;
  }
}

function quantifiable(source: string): Atom {
  return { source, quantifiable: true };
}
