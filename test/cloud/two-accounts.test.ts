import { App } from 'aws-cdk-lib';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConnectorStack } from '../../lib/cloud/connector-stack.ts';
import { cdkContext, stubBundles } from './synthesized.ts';

const sandbox = { account: '111122223333', region: 'eu-central-1', profile: 'dev', logRetentionDays: 7 };
const production = { account: '444455556666', region: 'us-east-1', profile: 'live', alarmEmail: 'ops@example.com' };

interface Synthesized {
  readonly name: string;
  readonly environment: string;
  readonly isProtected: boolean | undefined;
  readonly template: { readonly Resources: Readonly<Record<string, unknown>>; readonly Outputs: object };
}

let stacks: readonly Synthesized[];
beforeAll(() => {
  const procore = { stages: { default: { environments: { production, sandbox } } } };
  const app = new App({
    context: { ...cdkContext, procore },
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  const bundles = stubBundles();
  const names = readConfiguration((key) => app.node.tryGetContext(key)).map(
    (configuration) => new ConnectorStack(app, { configuration, bundles }).stackName,
  );
  const assembly = app.synth();
  // The CDK lists them by their names; npm run deploy takes them in the order of the configuration.
  stacks = names.map((name) => {
    const { environment, terminationProtection: isProtected, template } = assembly.getStackByName(name);
    return { name, environment: environment.name, isProtected, template };
  });
});

describe('sandbox and production in accounts of their own', () => {
  test('are two stacks, each for its account and region, and neither can be deleted by a slip', () => {
    expect(stacks.map(({ template: _, ...stack }) => stack)).toEqual([
      { name: 'ProcoreConnector-sandbox', environment: 'aws://111122223333/eu-central-1', isProtected: true },
      { name: 'ProcoreConnector-production', environment: 'aws://444455556666/us-east-1', isProtected: true },
    ]);
  });

  test('share nothing: no limit, no role, no bill, not even the topic of alarms', () => {
    const [one, other] = stacks.map(({ template }) => JSON.stringify(template));
    expect(one?.match(/Production|444455556666|ops@example\.com|ImportValue/g)).toBeNull();
    expect(other?.match(/Sandbox|111122223333|ImportValue/g)).toBeNull();
    for (const { template } of stacks) {
      const count = (type: string) =>
        Object.values(template.Resources).filter((resource) => Object(resource).Type === type).length;
      expect([count('AWS::SNS::Topic'), count('AWS::ApiGatewayV2::Api')]).toEqual([1, 1]);
    }
  });

  test('have settings of their own', () => {
    const [ofSandbox, ofProduction] = stacks.map(({ template }) => JSON.stringify(template));
    expect([ofSandbox?.includes('"RetentionInDays":7'), ofProduction?.includes('"RetentionInDays":7')]).toEqual([
      true,
      false,
    ]);
    expect(ofProduction?.match(/"Endpoint":"[^"]*"/g)).toEqual(['"Endpoint":"ops@example.com"']);
  });
});
