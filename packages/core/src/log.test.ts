import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clockDuration, createLogger, localTimestamp, logLevels, silentLogger } from './log.js';

describe('clockDuration', () => {
  it.each([
    [0, '000h 00m 00s'],
    [999, '000h 00m 00s'],
    [65_000, '000h 01m 05s'],
    [3_599_999, '000h 59m 59s'],
    [90_061_000, '025h 01m 01s'],
    [3_600_000_000, '1000h 00m 00s'],
  ])('%i ms is %s', (milliseconds, expected) => {
    expect(clockDuration(milliseconds)).toBe(expected);
  });
});

describe('localTimestamp', () => {
  const zone = process.env['TZ'];
  const at = new Date('2025-02-10T19:28:11.500Z');

  const setZone = (name: string | undefined): void => {
    if (name === undefined) delete process.env['TZ'];
    else process.env['TZ'] = name;
  };
  beforeEach(() => setZone('UTC'));
  afterEach(() => setZone(zone));

  it.each([
    ['UTC', '2025-02-10T19:28:11Z'],
    ['America/New_York', '2025-02-10T14:28:11-05:00'],
    ['Asia/Kolkata', '2025-02-11T00:58:11+05:30'],
    ['America/St_Johns', '2025-02-10T15:58:11-03:30'],
  ])('in %s prints %s', (name, expected) => {
    setZone(name);
    expect(localTimestamp(at)).toBe(expected);
    expect(new Date(expected).getTime()).toBe(at.getTime() - 500);
  });
});

describe('createLogger', () => {
  function linesAt(level: (typeof logLevels)[number]): Record<string, unknown>[] {
    const lines: Record<string, unknown>[] = [];
    const write = (line: string): number => lines.push(JSON.parse(line) as Record<string, unknown>);
    const logger = createLogger(level, { write });
    logger.debug('for developers');
    logger.info({ table: 'public.orders' }, 'copied');
    logger.fatal('the last words');
    return lines;
  }

  it('writes one object a line with the field names of MOLT', () => {
    const [copied] = linesAt('info');
    expect(copied).toMatchObject({ level: 'info', table: 'public.orders', message: 'copied' });
    expect(copied?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/);
    expect(Object.keys(copied ?? {})).toEqual(['level', 'time', 'table', 'message']);
  });

  it('leaves out what lies below its level', () => {
    const levels = (level: (typeof logLevels)[number]): unknown[] =>
      linesAt(level).map((line) => line['level']);
    expect(levels('debug')).toEqual(['debug', 'info', 'fatal']);
    expect(levels('info')).toEqual(['info', 'fatal']);
    expect(levels('panic')).toEqual(['fatal']);
  });

  it.each(logLevels)('knows the level %s', (level) => {
    expect(() => createLogger(level, { write: () => undefined })).not.toThrow();
  });

  it('can be silent', () => {
    expect(silentLogger().isLevelEnabled('fatal')).toBe(false);
  });
});
