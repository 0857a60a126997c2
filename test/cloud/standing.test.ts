import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, expect, it } from 'vitest';
import { standingCharges } from '../../lib/cloud/standing.ts';
import { assumptions } from '../../lib/operator/cost.ts';
import { isList, resourcesOfType, synthesize } from './synthesized.ts';

let template: Template;
beforeAll(() => {
  template = synthesize({ environments: 'sandbox' });
});

it('counts the keys and secrets of one environment as the template has them', () => {
  const { keys, secrets } = standingCharges();
  expect({ keys, secrets }).toEqual({
    keys: resourcesOfType(template, 'AWS::KMS::Key').length,
    secrets: resourcesOfType(template, 'AWS::SecretsManager::Secret').length,
  });
});

it('counts at least the metrics of alarms that the template has, and few more', () => {
  const watched = resourcesOfType(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) =>
    isList(Properties.Metrics) ? Properties.Metrics.filter((metric) => 'MetricStat' in Object(metric)).length : 1,
  );
  const inTemplate = watched.reduce((sum, count) => sum + count, 0);
  const { alarmMetrics, functionGroupAlarms } = standingCharges();
  const tooMany = alarmMetrics + functionGroupAlarms * assumptions.functionsPerGroup - inTemplate;
  expect(tooMany).toBeGreaterThanOrEqual(0);
  expect(tooMany).toBeLessThan(10);
});
