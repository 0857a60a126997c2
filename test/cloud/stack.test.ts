import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Json, resourcesOfType, synthesize, synthesizeStage, textsIn } from './synthesized.ts';

describe('the stack', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesize({ environments: 'sandbox,monthly-sandbox', monitoring: 'full', stackName: 'Theirs' });
  });

  test('says which environments it serves', () => {
    expect(template.toJSON().Description).toBe('Procore Connector for sandbox, monthly-sandbox');
  });

  test('names alarms, HTTP API and dashboard after itself, so that two stacks can be told apart', () => {
    const named = (type: string, property: string) =>
      resourcesOfType(template, type).map(([, { Properties }]) => String(Properties[property]));
    expect(named('AWS::ApiGatewayV2::Api', 'Name')).toEqual(['Theirs-sandbox', 'Theirs-monthly-sandbox']);
    expect(named('AWS::CloudWatch::Dashboard', 'DashboardName')).toEqual(['Theirs-sandbox', 'Theirs-monthly-sandbox']);
    expect(named('AWS::CloudWatch::CompositeAlarm', 'AlarmName')).toEqual(
      ['sandbox', 'monthly-sandbox'].flatMap((name) =>
        ['rotation-sweep-silent', 'page'].map((alarm) => `Theirs/${name}/${alarm}`),
      ),
    );
  });

  test('describes what a person meets in a console by its environment', () => {
    const described = (type: string, property: string) =>
      resourcesOfType(template, type).map(([, { Properties }]) => String(Properties[property]));
    expect(described('AWS::ApiGatewayV2::Api', 'Description')).toEqual([
      'Procore Connector (sandbox)',
      'Procore Connector (monthly-sandbox)',
    ]);
    expect(described('AWS::KMS::Key', 'Description')).toEqual([
      'Procore Connector: the topic of alarms',
      'Procore Connector: tables, secrets and logs (Theirs/Sandbox)',
      'Procore Connector: tables, secrets and logs (Theirs/MonthlySandbox)',
    ]);
    for (const environment of ['sandbox', 'monthly-sandbox']) {
      expect(described('AWS::SecretsManager::Secret', 'Description')).toEqual(
        expect.arrayContaining([
          `Client id and client secret of the Procore app (${environment})`,
          `What Procore's webhooks send as Authorization: Bearer (${environment})`,
        ]),
      );
      expect(described('AWS::CloudWatch::CompositeAlarm', 'AlarmDescription')).toContain(
        `Something in Theirs/${environment} needs a person now: see which alarm of this folder fires, and its text.`,
      );
    }
  });

  test('tells the topic of alarms by its output', () => {
    const [[topic] = []] = resourcesOfType(template, 'AWS::SNS::Topic');
    expect(template.findOutputs('AlarmTopic').AlarmTopic?.Value).toEqual({ Ref: topic });
  });

  test('hands each environment its own log level and domain', () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
    const configured = synthesize({
      environments: 'sandbox,production',
      logLevel: { production: 'error' },
      domains: { production: { name: 'connect.example.com', certificateArn } },
    });
    const levels = resourcesOfType(configured, 'AWS::Lambda::Function').map(([id, { Properties }]) => {
      const { Variables: variables } = Properties.Environment as { Variables: Record<string, string> };
      return `${id.startsWith('Sandbox') ? 'sandbox' : 'production'} ${variables.PROCORE_LOG_LEVEL}`;
    });
    expect(new Set(levels)).toEqual(new Set(['sandbox INFO', 'production ERROR']));
    const [[id, domain] = []] = resourcesOfType(configured, 'AWS::ApiGatewayV2::DomainName');
    expect(id).toMatch(/^Production/);
    expect(textsIn(domain?.Properties.DomainNameConfigurations ?? '')).toContain(certificateArn);
    expect(configured.findOutputs('SandboxDomainTarget')).toEqual({});
  });

  test('keeps its address while its domain is not in use yet, and the domain leads to it already', () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
    const domain = { name: 'connect.example.com', certificateArn };
    const origins = (settings: object) => {
      const block = { stages: { default: { environments: { sandbox: settings } } } };
      const [changed] = synthesizeStage(block).values();
      if (changed === undefined) throw new Error('no stack');
      const named = resourcesOfType(changed, 'AWS::Lambda::Function').map(([, { Properties }]) => {
        const { Variables: variables } = Properties.Environment as { Variables: Record<string, Json> };
        return variables;
      });
      const valuesOf = (name: string) =>
        named.map((variables) => variables[name]).filter((value) => value !== undefined);
      const isMapped = resourcesOfType(changed, 'AWS::ApiGatewayV2::ApiMapping').length > 0;
      const { SandboxDomainTarget: target } = changed.findOutputs('SandboxDomainTarget');
      const others = new Set(valuesOf('OTHER_ORIGIN'));
      return { origins: valuesOf('PUBLIC_ORIGIN'), others, isMapped, hasTarget: target !== undefined };
    };
    const [before, next, after] = [origins({}), origins({ domain: { ...domain, inUse: false } }), origins({ domain })];
    expect(before).toMatchObject({ others: new Set(), isMapped: false, hasTarget: false });
    expect(before.origins.length).toBeGreaterThan(0);
    const others = new Set(['https://connect.example.com']);
    expect(next).toEqual({ origins: before.origins, others, isMapped: true, hasTarget: true });
    // Who began at the old host ends there.
    expect([...after.others][0]).toEqual(before.origins[0]);
    expect(new Set(after.origins)).toEqual(new Set(['https://connect.example.com']));
  });

  test('is as good as empty without its environments: one topic, its policy and its key', () => {
    const own = Object.keys(template.toJSON().Resources).filter((id) => !/^(Monthly)?Sandbox/.test(id));
    expect(own.map((id) => id.slice(0, -8)).sort()).toEqual(['AlarmsKey', 'AlarmsTopic', 'AlarmsTopicPolicy']);
  });
});
