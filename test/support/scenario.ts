/** What a scenario reads from. */
export type SourceName = 'PostgreSQL' | 'MySQL' | 'MariaDB' | 'CockroachDB stand-in';

export const everySource = ['PostgreSQL', 'MySQL', 'MariaDB', 'CockroachDB stand-in'] as const;

/** How rows travel, and where to. CockroachDB is the stand-in of the test kit. */
export type RouteName =
  | 'direct to PostgreSQL'
  | 'direct to CockroachDB'
  | 'files, COPY to PostgreSQL'
  | 'files, COPY to CockroachDB'
  | 'files, IMPORT INTO CockroachDB'
  | 'S3, COPY to PostgreSQL'
  | 'S3, IMPORT INTO CockroachDB';

export const everyRoute: readonly RouteName[] = [
  'direct to PostgreSQL',
  'direct to CockroachDB',
  'files, COPY to PostgreSQL',
  'files, COPY to CockroachDB',
  'files, IMPORT INTO CockroachDB',
  'S3, COPY to PostgreSQL',
  'S3, IMPORT INTO CockroachDB',
];

/** Without files and with them. */
export const bothTargets: readonly RouteName[] = ['direct to PostgreSQL', 'files, IMPORT INTO CockroachDB'];

/** One of each format and each way of loading. */
export const mainRoutes: readonly RouteName[] = [
  'direct to PostgreSQL',
  'direct to CockroachDB',
  'files, COPY to PostgreSQL',
  'files, IMPORT INTO CockroachDB',
];

/**
 * A line of the log: the fields that it must have. A regular expression stands for a text that it matches; a text may hold
 * placeholders.
 */
export interface ExpectedLine {
  readonly message: string | RegExp;
  readonly [field: string]: unknown;
}

/** The rows of a statement as the target prints them, in the order in which they come. */
export type ExpectedRows = Readonly<Record<string, readonly (readonly (string | null)[])[]>>;

/**
 * One command and what is true after it.
 *
 * Flags and texts of expected lines may hold placeholders: `{database}` (of the source), `{slot}` (a name that no other test
 * has), `{folder}` (of the intermediate files), `{rules.json}` (the path of a file of `configFiles`), `{fetch id}` (of the
 * last command), `{token of public.t}` (as the last command that failed printed it).
 */
export interface Step {
  /** Statements on the source before the command. */
  readonly source?: readonly string[];
  /** Statements on the target before the command. */
  readonly target?: readonly string[];
  /** Intermediate files that are removed before the command. */
  readonly removedFiles?: readonly string[];
  readonly command?: 'fetch' | 'fetch tokens list';
  /** The side that the command is not told about. */
  readonly without?: 'source' | 'target';
  readonly flags?: readonly string[];
  /** 0 unless given. */
  readonly exitCode?: number;
  readonly rows?: ExpectedRows;
  /** Lines that must be there, in any order. */
  readonly log?: readonly ExpectedLine[];
  /** Lines that must not be there. */
  readonly noLog?: readonly ExpectedLine[];
  /** What the output must match. */
  readonly output?: readonly RegExp[];
  /** Intermediate files, sorted; of routes through a local folder. */
  readonly files?: readonly string[];
}

export interface Scenario extends Step {
  readonly name: string;
  /** Statements that make the source, by the source's name. */
  readonly sources: Readonly<Partial<Record<SourceName, readonly string[]>>>;
  readonly routes: readonly RouteName[];
  /** JSON files by their names. */
  readonly configFiles?: Readonly<Record<string, unknown>>;
  /** Commands after the first. */
  readonly next?: readonly Step[];
  /** Milliseconds, where a minute is not enough. */
  readonly timeout?: number;
}

/** The same statements for several sources. */
export function sources(
  names: readonly SourceName[],
  ...statements: readonly string[]
): Partial<Record<SourceName, readonly string[]>> {
  return Object.fromEntries(names.map((name) => [name, statements]));
}
