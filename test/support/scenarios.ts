import { sharedServer, startCockroachStandIn, startS3 } from '@tsmolt/testkit';
import type { CockroachStandIn, RunningServer } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RouteName, Scenario, SourceName } from './scenario.js';
import { freshDatabase } from './scenario-databases.js';
import { runScenario } from './scenario-run.js';

/** Makes a test of each scenario for each of its sources and routes. */
export function scenarioTests(theme: string, scenarios: readonly Scenario[]): void {
  describe(`fetch: ${theme}`, () => {
    let standIn: CockroachStandIn;
    let s3: RunningServer;
    beforeAll(async () => {
      standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
      s3 = await startS3({ own: true, buckets: ['migration'] });
    });
    afterAll(async () => {
      await standIn.stop();
      await s3.stop();
    });

    for (const { scenario, product, route } of scenarios.flatMap(cases)) {
      test.concurrent(
        `${scenario.name}: ${product}, ${route}`,
        async ({ expect }) => {
          expect.hasAssertions();
          const source = await freshDatabase(product, standIn);
          const target = await freshDatabase(targetOf(route), standIn);
          try {
            await source.run(scenario.sources[product] ?? []);
            await runScenario(scenario, { source, target, route, s3Url: s3.url, expect });
          } finally {
            await source.drop();
            await target.drop();
          }
        },
        scenario.timeout ?? 60_000,
      );
    }
  });
}

interface Case {
  readonly scenario: Scenario;
  readonly product: SourceName;
  readonly route: RouteName;
}

function cases(scenario: Scenario): Case[] {
  return (Object.keys(scenario.sources) as SourceName[]).flatMap((product) =>
    scenario.routes.map((route) => ({ scenario, product, route })),
  );
}

function targetOf(route: RouteName): SourceName {
  return route.endsWith('PostgreSQL') ? 'PostgreSQL' : 'CockroachDB stand-in';
}
