import { readFileSync } from 'node:fs';
import { ReplicationMetrics } from '@tsmolt/replicator';
import { expect, test } from 'vitest';

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

const dashboard = JSON.parse(
  readFileSync(new URL('../replicator_grafana_dashboard.json', import.meta.url), 'utf8'),
) as Dashboard;

test('the dashboard shows every metric of a replication, and none that does not exist', () => {
  const known = ['pglogical', 'mylogical'].flatMap((command) =>
    new ReplicationMetrics(command).registry.getMetricsAsArray().map(({ name }) => name),
  );
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  // Metrics are what labels are asked of; a histogram is asked for its buckets.
  const shown = expressions.flatMap((expr) => expr.match(/\w+(?=\{)/g) ?? []);
  const names = new Set(shown.map((name) => name.replace(/_bucket$/, '')));
  expect([...names].toSorted()).toEqual([...new Set(known)].toSorted());
});
