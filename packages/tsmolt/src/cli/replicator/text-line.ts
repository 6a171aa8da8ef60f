/** Characters of a value that needs no quotes. */
const plain = /^[\w\-./@^+:]*$/;

/** So wide are messages, so that the fields after them stand in one column. */
const messageWidth = 44;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * A line of the log as the reference prints it: level, local time, message, and fields by name.
 *
 * `DEBUG  [Aug 25 14:40:02] upserted rows          conflicts=0 proposed=1 target="\"molt\".\"public\".\"tbl1\"" upserted=1`
 *
 * @param json a line as the logger makes it
 */
export function textLine(json: string): string {
  const { level, time, message, ...fields } = JSON.parse(json) as Record<string, unknown> & {
    level: string;
    time: string;
    message?: string;
  };
  const named = Object.keys(fields)
    .toSorted()
    .map((name) => `${name}=${printed(fields[name])}`);
  const text = message ?? '';
  const aligned = named.length === 0 ? text : [text.padEnd(messageWidth), ...named].join(' ');
  return `${level.toUpperCase().padEnd(6)} [${stamp(new Date(time))}] ${aligned}\n`;
}

function printed(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return plain.test(text) ? text : JSON.stringify(text);
}

/** `Aug 25 14:40:02`, and days below ten with a space. */
function stamp(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = String(at.getDate()).padStart(2, ' ');
  return `${months[at.getMonth()]} ${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
