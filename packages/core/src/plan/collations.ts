/** Collations that are, or compare keys as, the byte order: C, the defaults of libc and of CockroachDB, MySQL's `_bin`. */
const plain = /^(c|posix|c\.utf-?8|en_us\.utf-?8|ucs_basic|pg_c_utf8|default|binary|.*_bin)$/i;

/**
 * Whether two text columns agree about which keys are equal and how they sort, as far as their collations' names tell.
 *
 * C, POSIX and the default en_US.utf8 count as one, as MOLT's release notes say. A collation that disregards case or
 * accents agrees with one that disregards the same: MySQL's `utf8mb4_0900_ai_ci` with CockroachDB's `und-u-ks-level1`.
 */
export function sameCollation(left: string | undefined, right: string | undefined): boolean {
  return left === right || meaning(left) === meaning(right);
}

function meaning(collation: string | undefined): string {
  if (collation === undefined || plain.test(collation)) return 'plain';
  return blindness(collation) ?? collation;
}

/** MySQL's suffixes (a bare `_ci` disregards accents too) and the strength of an ICU locale. */
function blindness(collation: string): string | undefined {
  const icu = /-u-(?:.*-)?ks-(level[12])\b/i.exec(collation)?.[1];
  if (icu !== undefined) return icu.toLowerCase();
  if (/_as_ci$/i.test(collation)) return 'level2';
  return /_ci$/i.test(collation) ? 'level1' : undefined;
}
