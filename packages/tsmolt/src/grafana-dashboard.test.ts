import { readFileSync } from 'node:fs';
import { FetchMetrics } from '@tsmolt/fetch';
import { expect, test } from 'vitest';

const dashboard = readFileSync(new URL('../grafana_dashboard.json', import.meta.url), 'utf8');

test('the dashboard shows every metric of fetch, and none that does not exist', () => {
  const known = new FetchMetrics().registry.getMetricsAsArray().map(({ name }) => name);
  const shown = new Set(dashboard.match(/molt_fetch_[a-z_]+/g));
  expect([...shown].toSorted()).toEqual(known.toSorted());
});
