import { cockroachVariables, normalValue, settingName } from './session-variables.js';

/**
 * The startup parameters as PostgreSQL understands them: what only CockroachDB knows becomes a setting `crdb.<name>`,
 * `--cluster` (routing in CockroachDB's cloud) is dropped, all other parameters stay as they are.
 */
export function upstreamParameters(
  parameters: ReadonlyMap<string, string>,
  version: string,
): ReadonlyMap<string, string> {
  const kept = new Map(
    [...parameters].filter(([name]) => name !== 'options' && !cockroachVariables.has(name)),
  );
  const given = [...parameters].filter(([name]) => cockroachVariables.has(name));
  const settings = new Map(
    [...cockroachVariables, ...given].map(([name, value]) => [name, normalValue(name, value)]),
  );
  const others: string[] = [];
  for (const [name, value] of readOptions(parameters.get('options') ?? '')) {
    if (cockroachVariables.has(name)) settings.set(name, normalValue(name, value));
    else if (name !== 'cluster') others.push(optionText(name, value));
  }
  const ours = [...settings].map(([name, value]) => optionText(settingName(name), value));
  kept.set('options', [...others, ...ours, optionText('crdb.version', version)].join(' '));
  return kept;
}

/** The settings of `-c name=value`, `-cname=value` and `--name=value`; a backslash protects the character after it. */
function readOptions(options: string): readonly (readonly [string, string])[] {
  const words = [...options.matchAll(/(?:\\.|\S)+/g)].map(([word]) => word.replaceAll(/\\(.)/g, '$1'));
  const settings = words.filter((word) => word !== '-c').map((word) => word.replace(/^(?:--|-c)/, ''));
  return settings.map((setting) => {
    const equals = setting.indexOf('=');
    const name = equals < 0 ? setting : setting.slice(0, equals);
    return [name.replaceAll('-', '_'), equals < 0 ? '' : setting.slice(equals + 1)] as const;
  });
}

function optionText(name: string, value: string): string {
  return `-c ${name}=${value.replaceAll(/[\\\s]/g, '\\$&')}`;
}
