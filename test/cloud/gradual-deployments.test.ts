import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { usdEach } from '../../lib/operator/prices.ts';
import { alarmEvaluator, byMinute, metricKey, metricsOf, type TemplateAlarm } from './alarm-evaluation.ts';
import { type Json, type Resource, referencesIn, resourcesOf, resourcesOfType, synthesize } from './synthesized.ts';

let template: Template;
beforeAll(() => {
  template = synthesize();
});

const versioned = ['AccessToken', 'TokenRotation', 'WebhookIntake', 'WebhookWorker'];
const environments = ['Sandbox', 'Production'];

function ofType(type: string, environment: string): readonly (readonly [string, Resource])[] {
  return resourcesOfType(template, type).filter(([id]) => id.startsWith(environment));
}

/** The alias of a function, by logical id. */
function aliasOf(environment: string, name: string): readonly [string, Resource] {
  const [alias] = ofType('AWS::Lambda::Alias', environment).filter(([id]) => id.includes(`${name}Live`));
  if (alias === undefined) throw new Error(`${environment} has no alias of ${name}`);
  return alias;
}

/** The deployment group that moves an alias, with its alarm. */
function deploymentOf(name: string) {
  const [, alias] = aliasOf('Production', name);
  const { UpdatePolicy: policy } = alias as Resource & { readonly UpdatePolicy?: Json };
  const [, groupId = ''] = referencesIn(policy ?? {});
  const group = resourcesOf(template).get(groupId)?.Properties ?? {};
  const alarmIds = referencesIn(group.AlarmConfiguration ?? '');
  const [versionId = ''] = referencesIn(alias.Properties.FunctionVersion ?? '');
  return { group, versionId, alarms: alarmIds.map((id) => resourcesOf(template).get(id)?.Properties ?? {}) };
}

describe('the alias `live`', () => {
  test('is there, in every environment, for the functions whose failure loses or delays something', () => {
    for (const environment of environments) {
      const aliases = ofType('AWS::Lambda::Alias', environment).map(([, { Properties }]) => Properties);
      expect(aliases.length, environment).toBe(versioned.length);
      for (const name of versioned) expect(aliasOf(environment, name)[1].Properties.Name).toBe('live');
    }
  });

  test('is all that anything else knows of such a function: permissions, routes, queues, roles, settings, outputs', () => {
    const functionIds = new Set(
      environments.flatMap((environment) =>
        versioned.flatMap((name) => referencesIn(aliasOf(environment, name)[1].Properties.FunctionName ?? '')),
      ),
    );
    expect(functionIds.size).toBe(environments.length * versioned.length);
    // Alarms watch all versions of a function, or its newest one.
    const itsOwn = [
      'AWS::Lambda::Alias',
      'AWS::Lambda::Version',
      'AWS::CloudWatch::Alarm',
      'AWS::CloudWatch::Dashboard',
    ];
    const passingBy = [...resourcesOf(template)]
      .filter(([, { Type }]) => !itsOwn.includes(Type))
      .flatMap(([id, { Properties }]) =>
        referencesIn(Properties ?? {})
          .filter((reference) => functionIds.has(reference))
          .map((reference) => `${id} -> ${reference}`),
      );
    expect(passingBy).toEqual([]);
    for (const [name, { Value: value }] of Object.entries(template.findOutputs('*'))) {
      expect(
        referencesIn(value).filter((reference) => functionIds.has(reference)),
        name,
      ).toEqual([]);
    }
  });

  test('points to a version that a failed deployment takes away with it, and no other deployment does', () => {
    const versions = resourcesOfType(template, 'AWS::Lambda::Version');
    expect(versions.length).toBe(environments.length * versioned.length);
    for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of versions) {
      expect([DeletionPolicy, UpdateReplacePolicy], id).toEqual(['RetainExceptOnCreate', 'Retain']);
    }
  });
});

describe('a gradual deployment', () => {
  test('is what production has and a sandbox has not, unless told', () => {
    const groups = (of: Template) =>
      resourcesOfType(of, 'AWS::CodeDeploy::DeploymentGroup').map(([id]) => /^[A-Z][a-z]+/.exec(id)?.[0]);
    expect(groups(template)).toEqual(versioned.map(() => 'Production'));
    const turned = { sandbox: { gradualDeployments: true }, production: { gradualDeployments: false } };
    expect(groups(synthesize({ stages: { live: { stackName: 'Live', environments: turned } } }))).toEqual(
      versioned.map(() => 'Sandbox'),
    );
  });

  test.each(versioned)('of %s sends a tenth for 5 minutes, and goes back when the new version alone fails', (name) => {
    const { group, versionId, alarms } = deploymentOf(name);
    expect(group).toMatchObject({
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
      },
    });
    // One alarm: no alarm of the business can keep a repair out.
    expect(alarms).toHaveLength(1);
    const version = { 'Fn::GetAtt': [versionId, 'Version'] };
    const [functionId] = referencesIn(resourcesOf(template).get(versionId)?.Properties ?? {});
    const watched = [alarms[0], ...((alarms[0]?.Metrics ?? []) as readonly Json[])].map((each) => JSON.stringify(each));
    const dimensions = [
      { Name: 'ExecutedVersion', Value: version },
      { Name: 'FunctionName', Value: { Ref: functionId } },
      { Name: 'Resource', Value: { 'Fn::Join': ['', [{ Ref: functionId }, ':live']] } },
    ];
    expect(watched.some((each) => each?.includes(JSON.stringify(dimensions)))).toBe(true);
    expect(alarms[0]).toMatchObject({ EvaluationPeriods: 5, DatapointsToAlarm: 2, TreatMissingData: 'notBreaching' });
    // It tells nobody: what it sees, the other alarms see as well.
    expect(alarms[0]?.AlarmActions).toBeUndefined();
  });

  test('of intake counts the answers 503 of the new version, too, which are no errors', () => {
    const { versionId } = deploymentOf('WebhookIntake');
    const filters = resourcesOfType(template, 'AWS::Logs::MetricFilter').filter(([id]) => id.includes('Deployments'));
    expect(filters).toHaveLength(1);
    const { FilterPattern: pattern, LogGroupName: logGroup } = filters[0]?.[1].Properties ?? {};
    expect(pattern).toEqual({
      'Fn::Join': [
        '',
        [
          '{ ($.event = "webhook.queue_unavailable" || $.event = "webhook.quarantine_unavailable") && $.version = "',
          { 'Fn::GetAtt': [versionId, 'Version'] },
          '" }',
        ],
      ],
    });
    expect(logGroup).toEqual({ Ref: expect.stringMatching(/^ProductionWebhooksWebhookIntakeLogGroup/) });
  });

  test.each(versioned)('of %s goes back for two bad minutes of five, and not for one, nor for silence', (name) => {
    const alarm = deploymentOf(name).alarms[0] as unknown as TemplateAlarm;
    const evaluator = alarmEvaluator(alarm);
    expect(evaluator.periodMinutes).toBe(1);
    expect(evaluator.stateAt(new Map(), 5)).toBe('OK');
    for (const metric of metricsOf(alarm).map(metricKey)) {
      const stateAfter = (...minutes: readonly number[]) =>
        evaluator.stateAt(new Map([[metric, byMinute(minutes.map((minute) => ({ minute, value: 1 })))]]), 5);
      expect(stateAfter(3), metric).toBe('OK');
      expect(stateAfter(1, 4), metric).toBe('ALARM');
    }
    expect(metricsOf(alarm)).toHaveLength(name === 'WebhookIntake' ? 2 : 1);
  });

  test('costs 50 cents a month: five metrics that alarms watch', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm', 'ProductionDeployments').map(([, { Properties }]) => Properties);
    expect(alarms.length).toBe(versioned.length);
    const metrics = alarms.reduce((sum, { Metrics }) => {
      const measured = ((Metrics ?? [{ MetricStat: {} }]) as readonly object[]).filter((each) => 'MetricStat' in each);
      return sum + measured.length;
    }, 0);
    expect(metrics * usdEach('alarmMetric')).toBeCloseTo(0.5);
  });
});
