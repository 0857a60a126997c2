import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { metricNames } from '../../functions/observer.ts';
import { alarmDescription, alarmRows } from '../../lib/cloud/alarms.ts';
import { dashboardRows } from '../../lib/cloud/dashboard.ts';
import { diagnosisRows } from '../../lib/diagnosis-rows.ts';
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

function diagnosis(id: string) {
  const { cause, remedy } = diagnosisRows.find((row) => row.id === id) ?? { cause: undefined, remedy: undefined };
  return { cause, remedy };
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
  test.each(alarmRows)('$id names cause, remedy and runbook', (row) => {
    expect(row.cause.length).toBeGreaterThan(20);
    expect(row.remedy.length).toBeGreaterThan(20);
    const text = alarmDescription(row);
    expect(text.length).toBeLessThanOrEqual(1024);
    const name = `ProcoreConnector/sandbox/${row.id}`;
    const [alarm] = ofType('AWS::CloudWatch::Alarm').filter(({ AlarmName }) => AlarmName === name);
    expect(alarm?.AlarmDescription).toBe(text);
    expect(alarm?.AlarmDescription).toContain(`Runbook: lib/cloud/README.md#${row.id}, `);
    expect(alarm?.TreatMissingData).toBe(row.missingData === 'fault' ? 'breaching' : 'notBreaching');
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

describe('the text of an alarm', () => {
  const row = (length: number) => ({ id: 'x', cause: 'c', remedy: 'r'.repeat(length) });
  const rest = alarmDescription(row(0)).length;

  test('names cause, remedy and runbook in paragraphs', () => {
    expect(alarmDescription({ id: 'x', cause: 'It broke.', remedy: 'Mend it.' })).toBe(
      'It broke.\n\nWhat to do: Mend it.\n\nRunbook: lib/cloud/README.md#x, which says in which log queries the lines are.',
    );
  });

  test('is refused when it is longer than CloudWatch takes: 1,024 characters', () => {
    expect(alarmDescription(row(1024 - rest))).toHaveLength(1024);
    expect(() => alarmDescription(row(1025 - rest))).toThrow(
      expect.objectContaining({
        code: 'alarm_text_too_long',
        message: 'The alarm x has a description of 1025 characters; CloudWatch takes 1024.',
      }),
    );
  });

  test('is that of the diagnosis where the table of diagnoses knows the problem', () => {
    const words = (id: string) => {
      const { cause, remedy } = alarmRows.find((each) => each.id === id) ?? { cause: '', remedy: '' };
      return { cause, remedy };
    };
    expect(words('reauthorization-required')).toEqual(diagnosis('refresh_token_invalid'));
    expect(words('client-credentials-refused')).toEqual(diagnosis('client_credentials_rejected'));
    expect(words('wrong-environment')).toEqual(diagnosis('wrong_environment'));
    expect(words('subscription-inactive')).toEqual(diagnosis('webhooks_not_delivered'));
    expect(words('app-disconnected')).toEqual(diagnosis('app_not_connected'));
    expect(words('rate-limit-nearly-spent').remedy).toBe(diagnosis('rate_limited').remedy);
  });
});

/** Otherwise alarms of other accounts could use topic and key. */
const alarmsOfThisAccount = {
  StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
  ArnLike: {
    'aws:SourceArn': {
      'Fn::Join': [
        '',
        [
          'arn:',
          { Ref: 'AWS::Partition' },
          ':cloudwatch:',
          { Ref: 'AWS::Region' },
          ':',
          { Ref: 'AWS::AccountId' },
          ':alarm:*',
        ],
      ],
    },
  },
};

describe('the topic of alarms', () => {
  test('can be published to by the alarms of this account, and only over TLS', () => {
    const statements = ofType('AWS::SNS::TopicPolicy').flatMap(
      ({ PolicyDocument }) => (PolicyDocument as unknown as { Statement: Json[] }).Statement,
    );
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    const [topic] = resourcesOfType(template, 'AWS::SNS::Topic').map(([id]) => id);
    expect(statements.filter((statement) => (statement as { Effect: string }).Effect === 'Allow')).toEqual([
      {
        Sid: 'AlarmsOfThisAccount',
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Resource: { Ref: topic },
        Condition: alarmsOfThisAccount,
      },
    ]);
  });

  test('has a key that CloudWatch may use: without it alarms would fire and reach nobody', () => {
    const [[, topic] = []] = resourcesOfType(template, 'AWS::SNS::Topic');
    const [keyId] = textsIn(topic?.Properties.KmsMasterKeyId ?? '');
    const key = resourcesOf(template).get(String(keyId))?.Properties.KeyPolicy as unknown as { Statement: Json[] };
    expect(key.Statement).toContainEqual({
      Sid: 'AlarmsOfThisAccount',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Resource: '*',
      Condition: alarmsOfThisAccount,
    });
  });

  test('takes its key along when the stack is deleted: it encrypts mails on their way and nothing else', () => {
    const [[, topic] = []] = resourcesOfType(template, 'AWS::SNS::Topic');
    const [keyId] = textsIn(topic?.Properties.KmsMasterKeyId ?? '');
    expect(resourcesOf(template).get(String(keyId))?.DeletionPolicy).toBe('Delete');
  });

  test('mails only when an address is given', () => {
    expect(ofType('AWS::SNS::Subscription')).toEqual([
      expect.objectContaining({ Protocol: 'email', Endpoint: 'ops@example.com' }),
    ]);
    synthesize({ environments: 'sandbox' }).resourceCountIs('AWS::SNS::Subscription', 0);
  });
});
