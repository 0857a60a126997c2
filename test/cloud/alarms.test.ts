import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { metricNames } from '../../functions/observer.ts';
import { alarmDescription, alarmRows } from '../../lib/cloud/alarms.ts';
import { dashboardRows } from '../../lib/cloud/dashboard.ts';
import { type Json, resourcesOf, resourcesOfType, synthesize, textsIn } from './synthesized.ts';

let template: Template;
beforeAll(() => {
  template = synthesize({ environments: 'sandbox', alarmEmail: 'ops@example.com' });
});

const ofType = (type: string) => resourcesOfType(template, type).map(([, { Properties }]) => Properties);

/** The metric queries of an alarm, whether it watches one metric or a sum. */
function metricsOf(alarm: { readonly [key: string]: Json }): { Namespace: string; MetricName: string }[] {
  const several = alarm.Metrics as unknown as { MetricStat?: { Metric: { Namespace: string; MetricName: string } } }[];
  if (several === undefined) return [alarm as never];
  return several.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []));
}

/** Made of access logs by CloudWatch, not by a function. */
const ofAccessLogs = ['webhookAnswerMs', 'webhookUnanswered'];

describe('metrics', () => {
  test('that functions emit are all watched or shown, and no other is', () => {
    const watched = ofType('AWS::CloudWatch::Alarm')
      .flatMap(metricsOf)
      .filter(({ Namespace }) => Namespace === 'ProcoreConnector')
      .map(({ MetricName }) => MetricName);
    const shown = dashboardRows.flat().flatMap(({ metrics = [] }) => metrics);
    expect([...new Set([...watched, ...shown])].sort()).toEqual([...metricNames, ...ofAccessLogs].sort());
  });

  test('stand in the namespace and under the dimension that functions give them', () => {
    const ours = ofType('AWS::CloudWatch::Alarm').filter(({ Namespace }) => Namespace === 'ProcoreConnector');
    expect(ours.length).toBeGreaterThan(5);
    for (const { Dimensions } of ours) expect(Dimensions).toEqual([{ Name: 'environment', Value: 'sandbox' }]);
  });

  test('of access logs are made for each environment of what Procore itself saw', () => {
    const filters = ofType('AWS::Logs::MetricFilter');
    expect(filters.map(({ MetricTransformations }) => (MetricTransformations as Json[])[0])).toEqual(
      ofAccessLogs.map((MetricName) =>
        expect.objectContaining({
          MetricNamespace: 'ProcoreConnector',
          MetricName,
          Dimensions: [{ Key: 'environment', Value: '$.environment' }],
        }),
      ),
    );
  });
});

describe('alarms', () => {
  test.each(alarmRows)('$id names cause, remedy and runbook, and has a log query of its name', (row) => {
    expect(row.cause.length).toBeGreaterThan(20);
    expect(row.remedy.length).toBeGreaterThan(20);
    const text = alarmDescription(row);
    expect(text.length).toBeLessThanOrEqual(1024);
    const name = `ProcoreConnector/sandbox/${row.id}`;
    const [alarm] = ofType('AWS::CloudWatch::Alarm').filter(({ AlarmName }) => AlarmName === name);
    const [query] = ofType('AWS::Logs::QueryDefinition').filter(({ Name }) => Name === name);
    expect(alarm?.AlarmDescription).toBe(text);
    expect(alarm?.AlarmDescription).toContain(`Runbook: lib/cloud/README.md#${row.id}.`);
    expect(alarm?.TreatMissingData).toBe(row.missingData === 'fault' ? 'breaching' : 'notBreaching');
    expect(query?.LogGroupNames).toContainEqual({ Ref: expect.any(String) });
    expect(query?.QueryString).toMatch(/connectionId, eventId|routeKey/);
  });

  test('have one name each, and no more than the ten metrics that CloudWatch adds up', () => {
    expect(new Set(alarmRows.map(({ id }) => id)).size).toBe(alarmRows.length);
    for (const alarm of ofType('AWS::CloudWatch::Alarm')) expect(metricsOf(alarm).length).toBeLessThanOrEqual(10);
  });

  test('of the sweep alone hold silence for a fault', () => {
    expect(alarmRows.filter(({ missingData }) => missingData === 'fault').map(({ id }) => id)).toEqual([
      'rotation-sweep-silent',
    ]);
  });

  test('all go to the topic, and those that page make the composite one', () => {
    const [topic] = resourcesOfType(template, 'AWS::SNS::Topic').map(([id]) => id);
    for (const { AlarmActions } of ofType('AWS::CloudWatch::Alarm')) expect(AlarmActions).toEqual([{ Ref: topic }]);
    const [composite] = ofType('AWS::CloudWatch::CompositeAlarm');
    const paging = textsIn(composite?.AlarmRule ?? '').filter((text) => text.startsWith('Sandbox'));
    expect(paging.length).toBe(alarmRows.filter(({ page }) => page).length);
  });
});

describe('the topic of alarms', () => {
  test('can be published to by the alarms of this account, and only over TLS', () => {
    const statements = ofType('AWS::SNS::TopicPolicy').flatMap(
      ({ PolicyDocument }) => (PolicyDocument as unknown as { Statement: Json[] }).Statement,
    );
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    expect(statements).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: expect.objectContaining({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }),
      }),
    );
  });

  test('has a key that CloudWatch may use: without it alarms would fire and reach nobody', () => {
    const [[, topic] = []] = resourcesOfType(template, 'AWS::SNS::Topic');
    const [keyId] = textsIn(topic?.Properties.KmsMasterKeyId ?? '');
    const key = resourcesOf(template).get(String(keyId))?.Properties.KeyPolicy as unknown as { Statement: Json[] };
    expect(key.Statement).toContainEqual(
      expect.objectContaining({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    );
  });

  test('mails only when an address is given', () => {
    expect(ofType('AWS::SNS::Subscription')).toEqual([
      expect.objectContaining({ Protocol: 'email', Endpoint: 'ops@example.com' }),
    ]);
    synthesize({ environments: 'sandbox' }).resourceCountIs('AWS::SNS::Subscription', 0);
  });
});
