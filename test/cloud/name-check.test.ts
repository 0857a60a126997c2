import { App, CfnOutput, NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnAlarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import { type ProcoreEnvironmentName, procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { nameRules } from '../../lib/aws-names.ts';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConnectorStack } from '../../lib/cloud/connector-stack.ts';
import { ProcoreEnvironment, type ProcoreEnvironmentProps } from '../../lib/cloud/procore-environment.ts';
import { mostStackNameCharacters } from '../../lib/cloud/stack-name.ts';
import { ConfigurationError } from '../../lib/configuration-error.ts';
import { cdkContext, resourcesOf, resourcesOfType, stubBundles, synthesize } from './synthesized.ts';

const bundles = stubBundles();

const newApp = () =>
  new App({ context: cdkContext, analyticsReporting: false, builtinCloudFormationValidation: false });

/** Our stack under a name that the reader of cdk.json might refuse. */
function named(stackName: string, environments: ProcoreEnvironmentName[]): () => Template {
  const [usual] = readConfiguration((key) => (key === 'procore' ? { environments } : undefined));
  if (usual === undefined) throw new Error('no stack');
  const configuration = { ...usual, stackName };
  return () => Template.fromStack(new ConnectorStack(newApp(), { configuration, bundles }));
}

/** What the synth of an integrator's stack says, one line a fault. */
function refused(build: (stack: Stack) => void, stackName = 'Theirs'): string[] {
  const stack = new Stack(newApp(), stackName);
  build(stack);
  try {
    Template.fromStack(stack);
  } catch (error) {
    return String((error as Error).message)
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const procore = (scope: Construct, props: Partial<ProcoreEnvironmentProps> = {}, id = 'Procore') =>
  new ProcoreEnvironment(scope, id, { procoreEnvironment: 'production', bundles, ...props });

describe('the names of our stack (hard case 50)', () => {
  test.each(procoreEnvironmentNames)(
    'fit with %s up to the longest stack name, and not with one character more',
    (name) => {
      const most = mostStackNameCharacters([name]);
      expect(named('S'.repeat(most), [name])).not.toThrow();
      const tooLong = named('S'.repeat(most + 1), [name]);
      expect(tooLong).toThrow(/RotateDead\w+ \(AWS::SQS::Queue\): .* which has 81 characters; at most 80 are allowed/);
      expect(tooLong).toThrow(/EventsDead\w+ \(AWS::SQS::Queue\)/);
      expect(tooLong).not.toThrow(/Events[0-9A-F]{8} /);
    },
  );

  test('fit with the default name in every pair of environments', () => {
    for (const environments of ['sandbox,production', 'monthly-sandbox,federal']) {
      expect(() => synthesize({ environments })).not.toThrow();
    }
  });

  test('are all known to the check: a type that is new here has a limit, or no name', () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
    const template = synthesize({ domains: { sandbox: { name: 'connect.example.com', certificateArn } } });
    const types = new Set([...resourcesOf(template).values()].map(({ Type }) => Type));
    const withoutName = [
      'ApiGatewayV2::ApiMapping',
      'ApiGatewayV2::DomainName',
      'ApiGatewayV2::Integration',
      'ApiGatewayV2::Route',
      'ApiGatewayV2::Stage',
      'KMS::Key',
      'Lambda::EventInvokeConfig',
      'Lambda::EventSourceMapping',
      'Lambda::Permission',
      'Lambda::Version',
      'SNS::TopicPolicy',
      'SQS::QueuePolicy',
      'SecretsManager::ResourcePolicy',
    ].map((type) => `AWS::${type}`);
    const unknown = [...types].filter((type) => nameRules[type] === undefined && !withoutName.includes(type));
    expect(unknown).toEqual([]);
  });
});

describe('the names of an environment in another stack', () => {
  test('fit below constructs with short ids', () => {
    expect(refused((stack) => procore(new Construct(stack, 'Web')))).toEqual([]);
  });

  test('are refused below constructs with long ids, with the path, the length and the remedy', () => {
    const faults = refused((stack) => {
      procore(
        new Construct(new Construct(stack, 'IntegrationPlatform'), 'ConstructionSystems'),
        {},
        'ProcoreProduction',
      );
    });
    expect(faults).toHaveLength(4);
    expect(faults[0]).toMatch(
      /^\[Theirs\] Theirs\/IntegrationPlatform\/ConstructionSystems\/ProcoreProduction\/Events\/Default\/Dead\/Resource: IntegrationPlatform\w+EventsDead\w{8} \(AWS::SQS::Queue\): CloudFormation would name it Theirs-.*, which has 99 characters; at most 80 are allowed, and does not shorten that\. Make the stack's name or the ids of the constructs around it 19 shorter, or give it a QueueName\. A ProcoreEnvironment takes a queueNamePrefix\.$/,
    );
  });

  test('are those of queueNamePrefix where one is given, however long the ids', () => {
    const stack = new Stack(newApp(), 'Theirs');
    procore(new Construct(stack, 'P'.repeat(120)), { queueNamePrefix: 'acme_procore-1' });
    const queues = resourcesOfType(Template.fromStack(stack), 'AWS::SQS::Queue');
    expect(queues.flatMap(([, { Properties }]) => Properties.QueueName ?? [])).toEqual([
      'acme_procore-1-events-dead.fifo',
      'acme_procore-1-events.fifo',
      'acme_procore-1-rotate-dead.fifo',
      'acme_procore-1-rotate.fifo',
    ]);
  });

  test.each(['', 'a b', 'acme.procore', 'a'.repeat(64)])('refuse the prefix "%s"', (queueNamePrefix) => {
    const build = () => procore(new Stack(newApp(), 'Theirs'), { queueNamePrefix });
    expect(build).toThrow(ConfigurationError);
    expect(build).toThrow(`queueNamePrefix: got "${queueNamePrefix}"; allowed: 1 to 63 letters, digits, hyphens`);
  });

  test('fit with the longest prefix', () => {
    expect(refused((stack) => procore(stack, { queueNamePrefix: 'a'.repeat(63) }))).toEqual([]);
  });

  test('are checked with those of the rest of the stack: with one that AWS refuses, all of it fails', () => {
    const faults = refused((stack) => {
      procore(stack, {}, 'P');
      new Queue(stack, 'TheirOwnQueueWithARatherLongIdentifierThatNobodyThoughtAbout', { fifo: true });
      new Dashboard(stack, 'TheirDashboard', { dashboardName: 'theirs' });
      new CfnAlarm(stack, 'TheirAlarm', {
        alarmName: 'a'.repeat(256),
        comparisonOperator: 'GreaterThanThreshold',
        evaluationPeriods: 1,
      });
      new CfnQueue(stack, 'Overridden', {}).addPropertyOverride('QueueName', 'b'.repeat(81));
    });
    expect(
      faults.map((fault) => fault.replace(/^\[Theirs\] Theirs\/(\w{5}).*(which has|has) (\d+) char.*/, '$1 $3')),
    ).toEqual(['Their 94', 'Their 256', 'Overr 81']);
    // What helps with a queue does not help with an alarm.
    const hint = ' A ProcoreEnvironment takes a queueNamePrefix.';
    expect(faults.map((fault) => fault.endsWith(hint))).toEqual([true, false, true]);
    expect(faults[1]).toMatch(/[a-z]\.$/);
  });

  test('are refused when two environments have the same prefix, and so queues of the same names', () => {
    const faults = refused((stack) => {
      for (const procoreEnvironment of ['sandbox', 'production'] as const) {
        procore(stack, { procoreEnvironment, queueNamePrefix: 'acme' }, procoreEnvironment);
      }
    });
    expect(faults).toHaveLength(4);
    expect(faults[0]).toMatch(
      /its QueueName "acme-events-dead\.fifo" is that of sandboxEventsDead\w+ already\. Give each/,
    );
  });

  test('are checked by CDK where they are those of outputs and exports', () => {
    const faults = refused((stack) => {
      procore(stack, {}, 'P');
      new CfnOutput(stack, 'Output', { value: 'x', exportName: 'e'.repeat(256) });
    });
    expect(faults).toEqual(['[Theirs/Output] Export name cannot exceed 255 characters (got 256 characters)']);
  });

  test('are checked once, however many environments there are', () => {
    const faults = refused((stack) => {
      for (const procoreEnvironment of ['sandbox', 'production'] as const) {
        procore(stack, { procoreEnvironment, queueNamePrefix: procoreEnvironment }, procoreEnvironment);
      }
      new Queue(stack, 'Q'.repeat(60), { fifo: true });
    });
    expect(faults).toHaveLength(1);
  });
});

describe('the names of an environment in a nested stack', () => {
  test('need a prefix, since CloudFormation names that stack itself', () => {
    const build = () => procore(new NestedStack(new Stack(newApp(), 'Theirs'), 'Nested'));
    expect(build).toThrow(ConfigurationError);
    expect(build).toThrow(
      /^queueNamePrefix: got undefined; allowed: 1 to 63 .*; in a nested stack CloudFormation's own names/,
    );
  });

  test('fit with one', () => {
    expect(refused((stack) => procore(new NestedStack(stack, 'Nested'), { queueNamePrefix: 'acme-procore' }))).toEqual(
      [],
    );
  });

  test('are refused where the nested stack’s own name, at its longest, is too long for an HTTP API and for CodeDeploy', () => {
    const faults = refused(
      (stack) => procore(new NestedStack(stack, 'Nested'), { queueNamePrefix: 'acme-procore' }),
      'T'.repeat(100),
    );
    expect(faults).toHaveLength(2);
    expect(faults[1]).toMatch(/\(AWS::CodeDeploy::Application\): its ApplicationName is T+-.*; at most 100/);
    expect(faults[0]).toMatch(
      /\(AWS::ApiGatewayV2::Api\): its Name is T+-.*-production, which has 139 characters; at most 128/,
    );
  });

  test('are checked for queues of the integrator’s there', () => {
    const faults = refused((stack) => {
      const nested = new NestedStack(stack, 'Nested');
      procore(nested, { queueNamePrefix: 'acme-procore' });
      new Queue(nested, 'Theirs', { fifo: true });
    });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('CloudFormation would name it Theirs-NestedNestedStack');
  });
});
