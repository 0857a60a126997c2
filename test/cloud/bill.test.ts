import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { metricNames } from '../../functions/observer.ts';
import { procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { type CountedTemplate, countCharges, standingCharges } from '../../lib/cloud/standing.ts';
import { type Load, monthlyCost, usualMetrics } from '../../lib/operator/cost.ts';
import type { StandingCharges } from '../../lib/standing-charges.ts';
import { synthesize } from './synthesized.ts';

const standing = { sandbox: standingCharges('sandbox'), production: standingCharges('production') };
const idle: Load = { connections: 0, webhooksPerDay: 0 };

const dollars = (load: Load, charges: StandingCharges) =>
  monthlyCost(load, charges).reduce((sum, { usd }) => sum + usd, 0);

/** As many webhooks a day as make so many millions a month. */
const millions = (count: number): Load => ({ connections: 0, webhooksPerDay: (count * 1e6) / (365 / 12) });

describe('a month costs', () => {
  test.each(procoreEnvironmentNames)('at rest no more than it may: %s', (environment) => {
    const most = environment.endsWith('sandbox') ? 8 : 15;
    expect(dollars(idle, standingCharges(environment))).toBeLessThanOrEqual(most);
  });

  test.each(['sandbox', 'production'] as const)(
    'for each million of webhooks more at most $7, in %s',
    (environment) => {
      const of = (count: number) => dollars(millions(count), standing[environment]);
      for (const count of [1, 3, 10]) expect(of(count + 1) - of(count), `after ${count}`).toBeLessThanOrEqual(7);
    },
  );

  test('nothing for metrics of ours while nothing happens: no zeros are counted', () => {
    expect(monthlyCost(idle, standing.production).map(({ what }) => what)).not.toContainEqual(
      expect.stringContaining('our metrics'),
    );
    const known = [...metricNames, 'webhookAnswerMs', 'webhookUnanswered'];
    expect(known).toEqual(expect.arrayContaining(Object.values(usualMetrics).flat()));
  });
});

describe('the bill made by hand', () => {
  const document = readFileSync(new URL('../../lib/cloud/README.md', import.meta.url), 'utf8');
  const [, table = ''] = /^(\| At rest \|[\s\S]*?)\n\n/m.exec(document) ?? [];
  const rows = table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const number = (cell = '') => Number(cell.replaceAll(/[$,]/g, ''));
  const lines = rows.slice(0, -1).map(([, what = '', sandbox, production, price = '', inSandbox, inProduction]) => {
    const [, usd, per = '1'] =
      /^\[\$([\d.]+)(?: for ([\d,]+))?\]\(https:\/\/aws\.amazon\.com\/\S+\)$/.exec(price) ?? [];
    return {
      what,
      counts: [number(sandbox), number(production)],
      each: Number(usd) / number(per),
      usd: [number(inSandbox), number(inProduction)],
    };
  });
  const [, , , , , ...totals] = (rows.at(-1) ?? []).map(number);

  test('is right in itself: counts times list prices, and their sums', () => {
    expect(lines.length).toBeGreaterThan(8);
    for (const { what, counts, each, usd } of lines) {
      for (const [index, count] of counts.entries()) expect(usd[index], what).toBeCloseTo(count * each, 1);
    }
    for (const index of [0, 1]) {
      expect(totals[index]).toBeCloseTo(
        lines.reduce((sum, { usd }) => sum + (usd[index] ?? 0), 0),
        1,
      );
    }
  });

  test.each([
    ['sandbox', 0],
    ['production', 1],
  ] as const)('is what `procore cost` says of an idle %s, within a tenth', (environment, index) => {
    const computed = dollars(idle, standing[environment]);
    expect(Math.abs(computed / (totals[index] ?? 0) - 1)).toBeLessThan(0.1);
  });
});

describe('what is counted', () => {
  const count = (
    overrides: Readonly<Record<string, unknown>> = {},
    environment: 'sandbox' | 'production' = 'sandbox',
  ) =>
    countCharges(
      environment,
      synthesize({ environments: environment, ...overrides }).toJSON() as unknown as CountedTemplate,
    );

  test('is what the template has', () => {
    expect(count()).toMatchObject({
      keys: 2,
      secrets: 2,
      dashboards: 0,
      compositeAlarms: 2,
      polledQueues: { fifo: 2, standard: 2 },
      runsPerDay: { 'rotation-sweep': 1440, 'company-work': 1440 },
      traced: false,
      systemLines: false,
      ledgerBackup: false,
      logDays: 90,
    });
    expect(count().memoryGb).toMatchObject({ 'webhook-intake': 0.75, 'webhook-worker': 0.5, 'token-recovery': 0.25 });
  });

  test('follows the settings', () => {
    expect(count({ worker: false }).polledQueues).toEqual({ fifo: 1, standard: 2 });
    expect(count({ worker: false }).memoryGb).not.toHaveProperty('webhook-worker');
    expect(count({ monitoring: 'full' })).toMatchObject({ dashboards: 1 });
    expect(count({ monitoring: 'full' }).alarmMetrics).toBeGreaterThan(2 * count().alarmMetrics);
    expect(count({ logLevel: 'error' }).systemLines).toBe(true);
    expect(count({ logRetentionDays: 7 }).logDays).toBe(7);
  });

  test('sees what a later version might add', () => {
    const template = synthesize({ environments: 'sandbox' }).toJSON() as unknown as {
      Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
      Outputs: CountedTemplate['Outputs'];
    };
    const before = countCharges('sandbox', template);
    const aFunction = Object.values(template.Resources).find(({ Type }) => Type === 'AWS::Lambda::Function');
    const ledger = Object.entries(template.Resources).find(([id]) => id.startsWith('SandboxTablesDeliveries'));
    Object.assign(aFunction?.Properties ?? {}, { TracingConfig: { Mode: 'Active' } });
    Object.assign(ledger?.[1].Properties ?? {}, {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    template.Resources.Alarm = { Type: 'AWS::CloudWatch::Alarm', Properties: {} };
    const { Ref: disconnect } = Object(template.Outputs.SandboxFunctionDisconnect?.Value);
    const rule = {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'rate(5 minutes)',
        Targets: [{ Arn: { 'Fn::GetAtt': [disconnect, 'Arn'] } }],
      },
    };
    template.Resources.Rule = rule;
    expect(countCharges('sandbox', template)).toEqual({
      ...before,
      alarmMetrics: before.alarmMetrics + 1,
      runsPerDay: { ...before.runsPerDay, disconnect: 288 },
      traced: true,
      ledgerBackup: true,
    });
    const load = millions(1);
    expect(dollars(load, countCharges('sandbox', template))).toBeGreaterThan(dollars(load, before) + 5);
    rule.Properties.ScheduleExpression = 'cron(0 * * * ? *)';
    expect(() => countCharges('sandbox', template)).toThrow('cron(0 * * * ? *) is no rate of minutes, hours or days');
  });
});
