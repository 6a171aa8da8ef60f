/** What an AS OF SYSTEM TIME clause names, still unresolved. */
export type Moment =
  | { readonly kind: 'fixed'; readonly nanos: bigint; readonly logical: number }
  | { readonly kind: 'relative'; readonly nanos: bigint };

const nanosPerSecond = 1_000_000_000n;
const secondsPer: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-9],
  ['us', 1e-6],
  ['ms', 1e-3],
  ['s', 1],
  ['sec', 1],
  ['second', 1],
  ['m', 60],
  ['min', 60],
  ['minute', 60],
  ['h', 3600],
  ['hour', 3600],
  ['d', 86_400],
  ['day', 86_400],
  ['w', 604_800],
  ['week', 604_800],
]);

/** CockroachDB's decimal form of a timestamp: nanoseconds, a point, ten digits of the logical counter. */
export function hlcText(nanos: bigint, logical: number): string {
  return `${nanos}.${String(logical).padStart(10, '0')}`;
}

/** The moment that a string or number after AS OF SYSTEM TIME means; `undefined` when it means none. */
export function parseMoment(text: string): Moment | undefined {
  const trimmed = text.trim();
  return parseDecimal(trimmed) ?? parseTimestamp(trimmed) ?? parseInterval(trimmed);
}

function parseDecimal(text: string): Moment | undefined {
  const match = /^(\d{10,19})(?:\.(\d{1,10}))?$/.exec(text);
  if (match === null) return undefined;
  // A decimal may come back with its trailing zeros cut off.
  return {
    kind: 'fixed',
    nanos: BigInt(match[1] ?? '0'),
    logical: Number((match[2] ?? '0').padEnd(10, '0')),
  };
}

function parseTimestamp(text: string): Moment | undefined {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, day = '', time = '00:00:00', fraction = '', zone = 'Z'] = match;
  const offset = /^(?:Z|UTC)$/i.test(zone)
    ? 'Z'
    : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const millis = Date.parse(`${day}T${time}${offset}`);
  if (Number.isNaN(millis)) return undefined;
  return { kind: 'fixed', nanos: BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0')), logical: 0 };
}

function parseInterval(text: string): Moment | undefined {
  const match = /^([+-]?)(?:(\d+):(\d\d):(\d\d(?:\.\d+)?)|((?:\s*\d+(?:\.\d+)?\s*[a-zµ]+)+))$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, hours, minutes, rest, units] = match;
  const seconds =
    units === undefined
      ? Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)
      : secondsOf(units.toLowerCase());
  if (seconds === undefined) return undefined;
  const nanos = BigInt(Math.round(seconds * 1e6)) * 1000n;
  return { kind: 'relative', nanos: sign === '-' ? -nanos : nanos };
}

function secondsOf(units: string): number | undefined {
  let sum = 0;
  for (const [, amount, unit = ''] of units.matchAll(/(\d+(?:\.\d+)?)\s*([a-zµ]+)/g)) {
    const factor = secondsPer.get(unit) ?? secondsPer.get(unit.replace(/s$/, ''));
    if (factor === undefined) return undefined;
    sum += Number(amount) * factor;
  }
  return sum;
}

/** Whole seconds of a moment, for messages. */
export function secondsText(nanos: bigint): string {
  return `${nanos / nanosPerSecond}.${String(nanos % nanosPerSecond).padStart(9, '0')}`;
}
