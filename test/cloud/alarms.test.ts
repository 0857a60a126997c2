import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { isToldByAws, metricNames } from '../../functions/observer.ts';
import { alarmDescription, alarmRows, watchedFunctions } from '../../lib/cloud/alarms.ts';
import { dashboardRows } from '../../lib/cloud/dashboard.ts';
import { diagnosisRows } from '../../lib/diagnosis-rows.ts';
import { handlerNames } from '../../lib/handler-names.ts';
import { type Json, resourcesOf, resourcesOfType, synthesize, textsIn } from './synthesized.ts';

let template: Template;
beforeAll(() => {
  template = synthesize({ environments: 'sandbox', monitoring: 'full', alarmEmail: 'ops@example.com' });
});

const ofType = (type: string) => resourcesOfType(template, type).map(([, { Properties }]) => Properties);

/** The metric queries of an alarm, whether it watches one metric or a sum. */
function metricsOf(alarm: { readonly [key: string]: Json }): { Namespace: string; MetricName: string }[] {
  const several = alarm.Metrics as unknown as { MetricStat?: { Metric: { Namespace: string; MetricName: string } } }[];
  if (several === undefined) return [alarm as never];
  return several.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []));
}

/** The composite alarm to page on. */
const page = () =>
  ofType('AWS::CloudWatch::CompositeAlarm').find(({ AlarmName }) => String(AlarmName).endsWith('/page'));

/** The alarms that somebody hears of: not the parts of a composite alarm, and not the one that only repeats. */
const acting = () =>
  [...ofType('AWS::CloudWatch::Alarm'), ...ofType('AWS::CloudWatch::CompositeAlarm')].filter(
    ({ AlarmName }) => !/\/(page|not-running|has-run)$/.test(String(AlarmName)),
  );

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
    const emitted = metricNames.filter((metric) => !isToldByAws(metric));
    expect([...new Set([...watched, ...shown])].sort()).toEqual([...emitted, ...ofAccessLogs].sort());
  });

  test('stand in the namespace and under the dimension that functions give them', () => {
    const ours = ofType('AWS::CloudWatch::Alarm').filter(({ Namespace }) => Namespace === 'ProcoreConnector');
    expect(ours.length).toBeGreaterThan(5);
    for (const { Dimensions } of ours) {
      expect(Dimensions).toEqual([
        { Name: 'environment', Value: 'sandbox' },
        { Name: 'stack', Value: 'ProcoreConnector' },
      ]);
    }
  });

  test('of two stacks in one account do not mix: functions, access logs and alarms name their own stack', () => {
    const other = synthesize({ environments: 'sandbox', monitoring: 'full', stackName: 'Other' });
    const properties = (type: string) => resourcesOfType(other, type).map(([, { Properties }]) => Properties);
    for (const { Environment } of properties('AWS::Lambda::Function')) {
      expect(Environment).toMatchObject({ Variables: { PROCORE_STACK_NAME: 'Other', PROCORE_ENVIRONMENT: 'sandbox' } });
    }
    const [format] = properties('AWS::ApiGatewayV2::Stage').map(
      ({ AccessLogSettings }) => (AccessLogSettings as unknown as { Format: string }).Format,
    );
    expect(format).toContain('"stack":"Other","environment":"sandbox"');
    const named = JSON.stringify([
      ...properties('AWS::CloudWatch::Alarm'),
      ...properties('AWS::CloudWatch::Dashboard'),
    ]);
    expect(named).not.toContain('ProcoreConnector/');
    expect(named).not.toContain('"Value":"ProcoreConnector"');
  });

  test('of access logs are made for each environment of what Procore itself saw', () => {
    const filters = ofType('AWS::Logs::MetricFilter');
    expect(filters.map(({ MetricTransformations }) => (MetricTransformations as Json[])[0])).toEqual(
      ofAccessLogs.map((MetricName) =>
        expect.objectContaining({
          MetricNamespace: 'ProcoreConnector',
          MetricName,
          Dimensions: [
            { Key: 'stack', Value: '$.stack' },
            { Key: 'environment', Value: '$.environment' },
          ],
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
    const [alarm] = acting().filter(({ AlarmName }) => AlarmName === name);
    expect(alarm?.AlarmDescription).toBe(text);
    expect(alarm?.AlarmDescription).toContain(`Runbook: lib/cloud/README.md#${row.id}, `);
    expect(alarm?.TreatMissingData).toBe(row.missingData === 'fault' ? undefined : 'notBreaching');
  });

  test('have one name each, and no more than the ten metrics that CloudWatch adds up', () => {
    expect(new Set(alarmRows.map(({ id }) => id)).size).toBe(alarmRows.length);
    for (const alarm of ofType('AWS::CloudWatch::Alarm')) expect(metricsOf(alarm).length).toBeLessThanOrEqual(10);
  });

  test('of the sweep alone hold silence for a fault', () => {
    expect(alarmRows.filter(({ missingData }) => missingData === 'fault').map(({ id }) => id)).toEqual([
      'rotation-sweep-silent',
    ]);
    const breaching = ofType('AWS::CloudWatch::Alarm').filter(
      ({ TreatMissingData }) => TreatMissingData === 'breaching',
    );
    expect(breaching.map(({ AlarmName, AlarmActions }) => [AlarmName, AlarmActions])).toEqual([
      // It has no action: it is in ALARM as soon as it is created.
      ['ProcoreConnector/sandbox/rotation-sweep-silent/not-running', undefined],
    ]);
  });

  test('all tell the topic when they fire and when they end, and those that page make the composite one', () => {
    const [topic] = resourcesOfType(template, 'AWS::SNS::Topic').map(([id]) => id);
    expect(acting()).toHaveLength(alarmRows.length);
    for (const { AlarmActions, OKActions } of acting()) {
      expect({ AlarmActions, OKActions }).toEqual({ AlarmActions: [{ Ref: topic }], OKActions: [{ Ref: topic }] });
    }
    const paging = textsIn(page()?.AlarmRule ?? '').filter((text) => text.startsWith('Sandbox'));
    expect(paging.length).toBe(alarmRows.filter(({ page }) => page).length);
    expect(page()?.AlarmActions).toBeUndefined();
  });

  test('wake somebody through the pager’s topic, and reach people on their own while the composite one is in ALARM', () => {
    const pagerTopicArn = 'arn:aws:sns:us-east-1:111122223333:pager';
    const paged = synthesize({ stages: { default: { environments: { sandbox: {}, production: { pagerTopicArn } } } } });
    const composites = resourcesOfType(paged, 'AWS::CloudWatch::CompositeAlarm').map(
      ([, { Properties }]) => Properties,
    );
    const toldOf = (name: string) => {
      const { AlarmActions, OKActions } = composites.find(({ AlarmName }) => AlarmName === name) ?? {};
      return { AlarmActions, OKActions };
    };
    expect(toldOf('ProcoreConnector/production/page')).toEqual({
      AlarmActions: [pagerTopicArn],
      OKActions: [pagerTopicArn],
    });
    expect(toldOf('ProcoreConnector/sandbox/page')).toEqual({ AlarmActions: undefined, OKActions: undefined });
    const [topic] = resourcesOfType(paged, 'AWS::SNS::Topic').map(([id]) => id);
    for (const [, { Properties }] of resourcesOfType(paged, 'AWS::CloudWatch::Alarm')) {
      // The first have no action of their own, the others turn a deployment back and tell nobody.
      const isPart = /\/(rotation-sweep-silent|new-version)\//.test(String(Properties.AlarmName));
      expect(Properties.AlarmActions).toEqual(isPart ? undefined : [{ Ref: topic }]);
    }
  });

  test('of a sandbox are few, unless told: those that page, and the most telling of the others', () => {
    const lean = synthesize({ environments: 'sandbox' });
    const names = [
      ...resourcesOfType(lean, 'AWS::CloudWatch::Alarm'),
      ...resourcesOfType(lean, 'AWS::CloudWatch::CompositeAlarm'),
    ].map(([, { Properties }]) => String(Properties.AlarmName).replace('ProcoreConnector/sandbox/', ''));
    const rows = alarmRows.filter((row) => row.lean).map(({ id }) => id);
    expect(names.filter((name) => !name.includes('/') && name !== 'page').sort()).toEqual([...rows].sort());
    expect(rows.length).toBeLessThan(alarmRows.length / 2);
    lean.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    synthesize({ environments: 'production' }).resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });

  test('watch each function’s errors, and name no function twice for one measure of it', () => {
    const { deliveries, ...groups } = watchedFunctions;
    // The errors of intake are part of `webhook-intake-failing`; whoever restores sees how it ends.
    const others = ['webhook-intake', 'restore-connections'];
    expect([...Object.values(groups).flat(), ...others].sort()).toEqual([...handlerNames].sort());
    expect(deliveries).toEqual(['webhook-intake', 'webhook-worker']);
  });

  test('without our worker are those that can fire', () => {
    const without = synthesize({ environments: 'production', worker: false });
    const names = resourcesOfType(without, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties.AlarmName);
    expect(names).not.toContain('ProcoreConnector/production/webhook-errors');
    expect(names).toContain('ProcoreConnector/production/webhooks-throttled');
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
