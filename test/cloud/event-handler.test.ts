import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { IpAddresses, type IVpc, Port, SecurityGroup, Subnet, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventQueueLimits } from '../../functions/webhook/work-queue.ts';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConnectorStack } from '../../lib/cloud/connector-stack.ts';
import { ProcoreEnvironment, type ProcoreEnvironmentProps } from '../../lib/cloud/procore-environment.ts';
import { ConfigurationError } from '../../lib/configuration-error.ts';
import {
  cdkContext,
  type Json,
  type Resource,
  resourcesOf,
  stubBundles,
  synthesize,
  synthesizeStage,
} from './synthesized.ts';

const bundles = stubBundles();
let stack: Stack;

function inTheirStack(props: (stack: Stack) => Partial<ProcoreEnvironmentProps> = () => ({}), name = 'Theirs') {
  stack = new Stack(
    new App({ context: cdkContext, analyticsReporting: false, builtinCloudFormationValidation: false }),
    name,
  );
  return new ProcoreEnvironment(stack, 'Sandbox', { procoreEnvironment: 'sandbox', bundles, ...props(stack) });
}

/** A function of a template, found by what its id has. */
function functionOf(template: Template, part: string): Resource['Properties'] {
  const [, { Properties } = { Properties: {} }] =
    [...resourcesOf(template)].find(([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.includes(part)) ?? [];
  return Properties;
}

const variablesOf = (template: Template, part = 'WebhookWorker') =>
  (functionOf(template, part).Environment as { Variables: Record<string, Json> }).Variables;

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
}

/** What was added to roles: ours have all of theirs in themselves. */
function addedTo(template: Template): readonly (Statement & { readonly roles: string })[] {
  return [...resourcesOf(template)]
    .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
    .flatMap(([, { Properties }]) => {
      const { Statement } = Properties.PolicyDocument as unknown as { readonly Statement: readonly Statement[] };
      return Statement.map((statement) => ({ ...statement, roles: JSON.stringify(Properties.Roles) }));
    });
}

function refusalOf(settings: Readonly<Record<string, unknown>>): string {
  try {
    readConfiguration((key) => (key === 'procore' ? { stages: { default: settings } } : undefined));
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

const arn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/crm-AbCdEf';
const network = { vpcId: 'vpc-0a', subnetIds: ['subnet-0b', 'subnet-0c'], securityGroupIds: ['sg-0d'] };

describe('what cdk.json gives the integrator’s code', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesize({
      environments: ['sandbox'],
      environment: { ERP_URL: 'https://erp.example.com' },
      secrets: { erp: 'acme/erp', crm: arn },
      memoryMebibytes: 1024,
      timeoutSeconds: 300,
      policyStatements: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::acme-reports/*' }],
      vpc: network,
    });
  });

  test('is the worker’s alone', () => {
    const worker = functionOf(template, 'WebhookWorker');
    expect(worker).toMatchObject({ MemorySize: 1024, Timeout: 300 });
    expect(worker.VpcConfig).toEqual({ SubnetIds: network.subnetIds, SecurityGroupIds: network.securityGroupIds });
    expect(variablesOf(template)).toMatchObject({
      ERP_URL: 'https://erp.example.com',
      OWN_SECRETS: JSON.stringify({ erp: 'acme/erp', crm: arn }),
    });
    const others = [...resourcesOf(template)].filter(
      ([id, { Type }]) => Type === 'AWS::Lambda::Function' && !id.includes('WebhookWorker'),
    );
    expect(others.length).toBeGreaterThan(10);
    expect(JSON.stringify(others)).not.toMatch(/ERP_URL|OWN_SECRETS|VpcConfig/);
    const added = addedTo(template);
    expect(new Set(added.map(({ roles }) => roles))).toEqual(new Set([expect.stringContaining('WebhookWorkerRole')]));
    const allowed = added.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.flatMap(({ Action: action }) => action).sort()).toEqual(
      [
        's3:PutObject',
        ...Array.from({ length: allowed.length - 1 }, () => [
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
        ]).flat(),
      ].sort(),
    );
    expect(JSON.stringify(allowed)).toContain(arn);
    expect(JSON.stringify(allowed)).toContain(':secret:acme/erp-??????');
  });

  test('closes our secrets, tokens and links to it, whatever is granted', () => {
    const denied = addedTo(template).filter(({ Effect }) => Effect === 'Deny');
    expect(denied.map(({ Action: action }) => action)).toEqual(['secretsmanager:*', 'dynamodb:*']);
    for (const part of ['OauthClient', 'WebhookAuthorization', 'Connections', 'Authorizations']) {
      expect(JSON.stringify(denied.map(({ Resource: resource }) => resource))).toMatch(
        new RegExp(`Sandbox\\w*${part}`),
      );
    }
  });

  test('closes those of the other environment, with indexes, backups and restored tables', () => {
    const both = synthesize({
      environments: ['sandbox', 'production'],
      policyStatements: [{ Effect: 'Allow', Action: ['dynamodb:*', 'secretsmanager:*'], Resource: '*' }],
    });
    const denied = addedTo(both).filter(({ Effect, roles }) => Effect === 'Deny' && roles.includes('Sandbox'));
    const named = JSON.stringify(denied).matchAll(/:\*:\*:((?:secret:|table\/)[^"]*)"/g);
    const patterns = [...named].map(([, name = '']) => name.replaceAll('?', '.').replaceAll('*', '.*'));
    const closed = (arn: string) => patterns.some((pattern) => new RegExp(`^${pattern}$`).test(arn));
    const ids = [...resourcesOf(both).keys()];
    for (const part of ['SecretsOauthClient', 'SecretsWebhookAuthorization']) {
      const id = ids.find((each) => new RegExp(`^Production${part}[\\dA-F]{8}$`).test(each));
      expect(closed(`secret:${id}-Abc123Def456-AbCdEf`)).toBe(true);
    }
    for (const part of ['TablesConnections', 'TablesAuthorizations']) {
      const id = ids.find((each) => new RegExp(`^Production${part}[\\dA-F]{8}$`).test(each));
      for (const rest of ['', '/index/due', '/backup/01489602797149', '-restored']) {
        expect(closed(`table/ProcoreConnector-${id}-1ABCDEF${rest}`)).toBe(true);
      }
    }
    expect(closed('table/Theirs-Orders12345678-1ABCDEF')).toBe(false);
    expect(closed('secret:acme/erp-AbCdEf')).toBe(false);
  });

  test('hides a message for six times the time-out, and says so to the worker', () => {
    const [, queue] = [...resourcesOf(template)].find(([id]) => /^SandboxEvents[\dA-F]{8}$/.test(id)) ?? [];
    expect(queue?.Properties.VisibilityTimeout).toBe(1800);
    expect(variablesOf(template).EVENT_VISIBILITY_SECONDS).toBe('1800');
    const usual = synthesize({ environments: ['sandbox'], timeoutSeconds: 15 });
    expect(variablesOf(usual).EVENT_VISIBILITY_SECONDS).toBe(String(eventQueueLimits.visibilitySeconds));
  });

  test('may be a stage’s for all environments, of which one has others', () => {
    const environments = { sandbox: {}, production: { environment: { A_URL: 'live' }, memoryMebibytes: 2048 } };
    const stages = { live: { environments, environment: { A_URL: 'test' }, memoryMebibytes: 256 } };
    const [both] = synthesizeStage({ stages }).values();
    if (both === undefined) throw new Error('There is no stack.');
    expect(variablesOf(both, 'SandboxWebhooksWebhookWorker').A_URL).toBe('test');
    expect(functionOf(both, 'SandboxWebhooksWebhookWorker').MemorySize).toBe(256);
    expect(variablesOf(both, 'ProductionWebhooksWebhookWorker').A_URL).toBe('live');
    expect(functionOf(both, 'ProductionWebhooksWebhookWorker').MemorySize).toBe(2048);
  });

  test.each<[string, unknown, RegExp]>([
    ['environment', { AWS_REGION: 'x' }, /"AWS_REGION" is reserved by Lambda.*; allowed: an object of texts/],
    ['environment', { PROCORE_LOGIN_ORIGIN: 'x' }, /"PROCORE_LOGIN_ORIGIN" is one of ours/],
    ['environment', { DELIVERIES_TABLE: 'x' }, /"DELIVERIES_TABLE" is one of ours/],
    ['environment', { OWN_SECRETS: '{}' }, /"OWN_SECRETS" is one of ours/],
    ['environment', { TZ: 'x' }, /"TZ" is reserved by Lambda/],
    ['environment', { 'A-B': 'x' }, /"A-B" must be a letter/],
    ['environment', { PORT: 5432 }, /PORT must be a text, not 5432/],
    ['environment', { ERP_URL: null }, /ERP_URL must be a text, not null/],
    ['environment', { LONG: 'x'.repeat(4093) }, /they take 4097 bytes/],
    [
      'secrets',
      { erp: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/crm' },
      /erp: an ARN must be complete/,
    ],
    ['secrets', { erp: 'SandboxSecretsOauthClientABCDEF12-aBcDeF123456' }, /erp is a secret of ours/],
    ['secrets', { erp: 'a name' }, /erp: Secrets Manager takes no such name/],
    ['secrets', { 'e r p': 'acme/erp' }, /"e r p" must be a letter/],
    ['memoryMebibytes', 127, /allowed: a whole number from 128 to 10240/],
    ['memoryMebibytes', 10_241, /from 128 to 10240/],
    ['timeoutSeconds', 14, /allowed: a whole number of seconds from 15/],
    ['timeoutSeconds', 901, /to 900, what Lambda takes/],
    ['vpc', { subnetIds: ['subnet-0b'] }, /vpcId must be as in the example.*; allowed: \{"vpcId"/],
    ['vpc', { ...network, securityGroupIds: [] }, /securityGroupIds must be/],
    ['policyStatements', [{ Effect: 'Allow', Action: '*', Resource: '*' }], /0\.Action must be service:Action/],
    [
      'policyStatements',
      [{ Effect: 'Allow', Action: 's3:Get*', Resource: 'bucket' }],
      /0\.Resource must be an ARN, or \*/,
    ],
    ['policyStatements', [{ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }], /0: NotAction is not taken/],
    ['policyStatements', [{ Effect: 'Allow', Action: 's3:GetObject' }], /0: Resource is missing/],
    ['policyStatements', { Effect: 'Allow' }, /it is no list/],
    ['maxConnections', 5, /no such key; allowed: workerConcurrency, as many workers run at once/],
    ['memory', 512, /no such key; allowed: memoryMebibytes\./],
    ['timeout', 30, /no such key; allowed: timeoutSeconds\./],
  ])('is refused where it is wrong: %s = %j', (key, value, message) => {
    expect(refusalOf({ [key]: value })).toMatch(message);
    expect(refusalOf({ [key]: value })).toMatch(new RegExp(`^procore\\.stages\\.default\\.${key} in cdk\\.json: `));
  });
});

describe('what a CDK app gives the integrator’s code', () => {
  test('is granted by constructs, to the worker’s role, and ours stays closed', () => {
    const procore = inTheirStack();
    const table = new Table(stack, 'Orders', { partitionKey: { name: 'id', type: AttributeType.STRING } });
    table.grantReadWriteData(procore.eventHandler);
    const added = addedTo(Template.fromStack(stack)).filter(({ roles }) => roles.includes('WebhookWorkerRole'));
    expect(added.map(({ Effect }) => Effect).sort()).toEqual(['Allow', 'Deny', 'Deny']);
    expect(JSON.stringify(added.find(({ Effect }) => Effect === 'Allow'))).toContain('Orders');
  });

  test('has no one to be granted to without our worker', () => {
    const procore = inTheirStack(() => ({ worker: false }));
    expect(() => procore.eventHandler).toThrow(ConfigurationError);
    expect(() => procore.eventHandler).toThrow('worker: got false; allowed: true for eventHandler');
  });

  test('is nothing that changes a template where nothing is given', () => {
    inTheirStack();
    expect(addedTo(Template.fromStack(stack))).toEqual([]);
  });

  test('decrypts a secret whose key is known', () => {
    inTheirStack((theirs) => {
      const encryptionKey = new Key(theirs, 'Key');
      return { secrets: { erp: new Secret(theirs, 'Erp', { encryptionKey }) as ISecret } };
    });
    const template = Template.fromStack(stack);
    expect(JSON.stringify(variablesOf(template).OWN_SECRETS)).toContain('{\\"erp\\":\\"');
    const [, key] = [...resourcesOf(template)].find(([id]) => id.startsWith('Key')) ?? [];
    expect(JSON.stringify(key?.Properties.KeyPolicy)).toMatch(/kms:Decrypt.*WebhookWorkerRole/);
  });

  test('is no secret of ours', () => {
    const ours = inTheirStack();
    const secret = ours.node.findChild('Secrets').node.findChild('OauthClient') as ISecret;
    const props = { procoreEnvironment: 'production', bundles, secrets: { client: secret } } as const;
    expect(() => new ProcoreEnvironment(stack, 'Production', props)).toThrow(/it is a secret of ours/);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a variable that nobody has set',
      { environment: { ERP_URL: undefined } },
      /ERP_URL must be a text, not undefined/,
    ],
    [
      'a secret by its name alone',
      { secrets: { erp: 'acme/erp' } },
      /it is "acme\/erp", which is no ISecret: take Secret/,
    ],
    ['no secret', { secrets: { erp: undefined } }, /it is undefined, which is no ISecret/],
    [
      'a statement as cdk.json has it',
      { policyStatements: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] },
      /^policyStatements: got \{"Effect".*; allowed: a list of new PolicyStatement/,
    ],
  ])('is refused where JavaScript gives %s', (_, props, message) => {
    const given = () => inTheirStack(() => props);
    expect(given).toThrow(ConfigurationError);
    expect(given).toThrow(message);
  });

  test('are no statements that allow everything, and none with a principal', () => {
    for (const statement of [
      new PolicyStatement({ actions: ['*'], resources: ['*'] }),
      new PolicyStatement({ notActions: ['s3:*'], resources: ['*'] }),
    ]) {
      expect(() => inTheirStack(() => ({ policyStatements: [statement] }))).toThrow(/^policyStatements: got /);
    }
    const some = new PolicyStatement({ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::acme/*'] });
    expect(() => inTheirStack(() => ({ policyStatements: [some] }))).not.toThrow();
    const ofTheirs = (theirs: Stack) => {
      const table = new Table(theirs, 'Orders', { partitionKey: { name: 'id', type: AttributeType.STRING } });
      return [new PolicyStatement({ actions: ['dynamodb:Query'], resources: [table.tableArn] })];
    };
    expect(() => inTheirStack((theirs) => ({ policyStatements: ofTheirs(theirs) }))).not.toThrow();
  });

  test('fits with ours into what Lambda takes of variables, or is refused at synth', () => {
    const withBytes = (bytes: number) => {
      inTheirStack(
        () => ({ environment: { LONG: 'x'.repeat(bytes) } }),
        'A-stack-with-a-name-of-33-characters'.slice(0, 33),
      );
      return () => Template.fromStack(stack);
    };
    expect(withBytes(1200)).not.toThrow();
    expect(withBytes(3800)).toThrow(/environment variables of the worker take up to \d+ bytes, ours included, .* 4096/);
  });
});

describe('a worker in a VPC', () => {
  const inVpc = (subnetType: SubnetType) =>
    inTheirStack((theirs) => ({
      vpc: new Vpc(theirs, 'Vpc', {
        ipAddresses: IpAddresses.cidr('10.0.0.0/16'),
        natGateways: 1,
        subnetConfiguration: [
          { name: 'public', subnetType: SubnetType.PUBLIC },
          { name: 'inner', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
          { name: 'closed', subnetType: SubnetType.PRIVATE_ISOLATED },
        ],
      }) as IVpc,
      vpcSubnets: { subnetType },
    }));
  const warned = (text: string) => Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp(text));

  test('has a security group that a database lets in, and may make its network interfaces', () => {
    const procore = inVpc(SubnetType.PRIVATE_WITH_EGRESS);
    const vpc = stack.node.findChild('Vpc') as IVpc;
    const database = new SecurityGroup(stack, 'Database', { vpc });
    database.connections.allowFrom(procore.eventHandler, Port.POSTGRES);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 5432, ToPort: 5432 });
    const roles = [...resourcesOf(template)].filter(([id]) => id.includes('WebhookWorkerRole'));
    expect(JSON.stringify(roles)).toContain('ec2:CreateNetworkInterface');
    expect(warned('subnets')).toEqual([]);
  });

  test('is warned of subnets without a way out, where every event would fail', () => {
    inVpc(SubnetType.PRIVATE_ISOLATED);
    expect(warned('could not reach DynamoDB, SQS, Lambda, Secrets Manager and Procore')).toHaveLength(1);
  });

  test('is warned where the routes are not known, as with ids in cdk.json', () => {
    inTheirStack((theirs) => ({
      vpc: Vpc.fromVpcAttributes(theirs, 'Vpc', { vpcId: 'vpc-0a', availabilityZones: ['a'] }),
      vpcSubnets: { subnets: [Subnet.fromSubnetId(theirs, 'Subnet', 'subnet-0b')] },
    }));
    expect(warned('routes of the worker')).toHaveLength(1);
    const app = new App({ context: cdkContext, analyticsReporting: false, builtinCloudFormationValidation: false });
    const [configuration] = readConfiguration((key) =>
      key === 'procore' ? { stages: { one: { vpc: network } } } : undefined,
    );
    if (configuration === undefined) throw new Error('There is no stack.');
    stack = new ConnectorStack(app, { configuration, bundles });
    expect(warned('routes of the worker')).toHaveLength(1);
    expect(warned('routeTableId')).toEqual([]);
  });

  test('has its VPC with subnets and security groups', () => {
    expect(() => inTheirStack(() => ({ vpcSubnets: {} }))).toThrow('vpc: got undefined; allowed: the VPC that');
  });
});
