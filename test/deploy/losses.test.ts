import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProcoreEnvironmentName, procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { type Deployed, findLosses, movedAddresses, type Template } from '../../lib/deploy/losses.ts';
import { outputName, pascalCase } from '../../lib/stack-outputs.ts';
import { synthesize } from '../cloud/synthesized.ts';

/** An environment as a template shows it. */
interface Environment {
  /** Another one is another HTTP API. */
  readonly api: number;
  readonly host: string | undefined;
  readonly inUse: boolean;
}

/** A stack as a template shows it. */
interface Model {
  readonly environments: Partial<Readonly<Record<ProcoreEnvironmentName, Environment>>>;
  /** Another one is another topic. */
  readonly topic: number;
  readonly mails: readonly string[];
  readonly pager: string | undefined;
}

function templateOf({ environments, topic, mails, pager }: Model): Template {
  const topicId = `AlarmsTopic${topic}`;
  const alarm = { AlarmActions: [{ Ref: topicId }, ...(pager === undefined ? [] : [pager])] };
  const subscriptions = mails.map((Endpoint, index) => [
    `AlarmsTopicMail${index}`,
    { Type: 'AWS::SNS::Subscription', Properties: { Endpoint, Protocol: 'email', TopicArn: { Ref: topicId } } },
  ]);
  const names = Object.keys(environments) as ProcoreEnvironmentName[];
  const own = names.flatMap((name) => Object.entries(resourcesOf(name, environments[name])));
  return {
    Resources: {
      [topicId]: { Type: 'AWS::SNS::Topic' },
      Alarm: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: alarm },
      ...Object.fromEntries([...subscriptions, ...own]),
    },
    Outputs: Object.fromEntries(
      names.map((name) => [outputName(name, 'CallbackUrl'), { Value: addressOf(name, environments[name]) }]),
    ),
  };
}

function resourcesOf(
  name: ProcoreEnvironmentName,
  { api, host }: Environment = { api: 0, host: undefined, inUse: false },
) {
  const prefix = pascalCase(name);
  const apiId = `${prefix}HttpApi${api}`;
  const domain = {
    [`${prefix}Domain`]: { Type: 'AWS::ApiGatewayV2::DomainName', Properties: { DomainName: host } },
    [`${prefix}Mapping`]: {
      Type: 'AWS::ApiGatewayV2::ApiMapping',
      Properties: { ApiId: { Ref: apiId }, DomainName: { Ref: `${prefix}Domain` } },
    },
  };
  return { [apiId]: { Type: 'AWS::ApiGatewayV2::Api' }, ...(host !== undefined && domain) };
}

function addressOf(
  name: ProcoreEnvironmentName,
  { api, host, inUse }: Environment = { api: 0, host: undefined, inUse: false },
) {
  if (host !== undefined && inUse) return `https://${host}/oauth/callback`;
  return { 'Fn::Join': ['', ['https://', { Ref: `${pascalCase(name)}HttpApi${api}` }, '/oauth/callback']] };
}

const deployedOf = (model: Model): Deployed => ({ template: templateOf(model), outputs: {} });
const names = (from: Model, to: Model) => findLosses(deployedOf(from), templateOf(to)).map(({ name }) => name);

const environment: fc.Arbitrary<Environment> = fc.record({
  api: fc.integer({ min: 0, max: 1 }),
  host: fc.constantFrom(undefined, 'a.example.com', 'b.example.com'),
  inUse: fc.boolean(),
});
const model: fc.Arbitrary<Model> = fc.record({
  environments: fc.dictionary(fc.constantFrom(...procoreEnvironmentNames), environment),
  topic: fc.integer({ min: 0, max: 1 }),
  mails: fc.uniqueArray(fc.constantFrom('ops@example.com', 'dev@example.com')),
  pager: fc.constantFrom(undefined, 'arn:aws:sns:us-east-1:111122223333:pager'),
});

/** What is lost, said once more by the models alone. */
function expected(from: Model, to: Model): readonly string[] {
  const environments = Object.entries(from.environments) as [ProcoreEnvironmentName, Environment][];
  const ofEnvironments = environments.flatMap(([name, before]) => {
    const after = to.environments[name];
    if (after === undefined) return [name];
    const isNewHost = after.host !== undefined && after.host !== before.host;
    return [
      ...(before.api !== after.api ? [`${name}/api`] : isNewHost && after.inUse ? [`${name}/address`] : []),
      ...(before.host !== undefined && before.host !== after.host ? [`${name}/domain`] : []),
      ...(before.host !== undefined && before.host === after.host && before.api !== after.api
        ? [`${name}/mapping`]
        : []),
    ];
  });
  const listeners = ({ mails, pager }: Model) => [...mails, ...(pager === undefined ? [] : [pager])];
  return [
    ...ofEnvironments,
    ...(from.topic === to.topic ? [] : ['alarms']),
    ...listeners(from).filter((listener) => !listeners(to).includes(listener)),
  ];
}

describe('what a deployment would lose', () => {
  it('is found for every template that could follow another one, and nothing else is called a loss', () => {
    fc.assert(
      fc.property(model, model, (from, to) => {
        expect(names(from, to).toSorted()).toEqual(expected(from, to).toSorted());
      }),
      { numRuns: 2000 },
    );
  });

  it('is nothing where nothing changes, or where something is added', () => {
    fc.assert(
      fc.property(model, (same) => {
        expect(names(same, same)).toEqual([]);
      }),
    );
    const nothing: Model = { environments: {}, topic: 0, mails: [], pager: undefined };
    fc.assert(
      fc.property(model, (to) => {
        expect(names(nothing, { ...to, topic: 0 })).toEqual([]);
      }),
    );
  });

  const sandbox: Environment = { api: 0, host: undefined, inUse: false };
  const base: Model = { environments: { sandbox }, topic: 0, mails: [], pager: undefined };
  const withSandbox = (changed: Partial<Environment>): Model => ({
    ...base,
    environments: { sandbox: { ...sandbox, ...changed } },
  });

  it('says with an environment what to do at Procore before it goes, and its own redirect URI', () => {
    const [loss] = findLosses(
      { template: templateOf(base), outputs: { SandboxCallbackUrl: 'https://x.example.com/oauth/callback' } },
      templateOf({ ...base, environments: {} }),
    );
    expect(loss).toMatchObject({
      name: 'sandbox',
      text: expect.stringContaining('(https://x.example.com/oauth/callback)'),
    });
    expect(loss?.text).toContain('remove its hooks (npm run procore -- webhooks remove)');
    expect(loss?.text).toContain('take the redirect URI away in the Developer Portal');
  });

  it('says with a replaced HTTP API that redirect URI and webhook URL change, and what then to do', () => {
    const [loss] = findLosses(deployedOf(base), templateOf(withSandbox({ api: 1 })));
    expect(loss?.text).toContain('register the new redirect URI (output SandboxCallbackUrl) in the Developer Portal');
    expect(loss?.text).toContain('npm run procore -- webhooks apply --environment sandbox');
  });

  it('is nothing on the way to a domain in two deployments, and back', () => {
    const host = 'connect.example.com';
    const [known, used] = [withSandbox({ host }), withSandbox({ host, inUse: true })];
    expect([names(base, known), names(known, used), names(used, known)]).toEqual([[], [], []]);
    expect(names(known, base)).toEqual(['sandbox/domain']);
    expect(names(base, used)).toEqual(['sandbox/address']);
    expect(movedAddresses(deployedOf(base), templateOf(known))).toEqual([]);
    const [moved] = movedAddresses(
      { template: templateOf(known), outputs: { SandboxCallbackUrl: 'https://old.example.com/oauth/callback' } },
      templateOf(used),
    );
    expect(moved).toContain(
      'from https://old.example.com/oauth/callback to https://connect.example.com/oauth/callback',
    );
    expect(movedAddresses(deployedOf(used), templateOf(known))[0]).toContain(
      "API Gateway's own host (output SandboxCall",
    );
  });
});

it('the templates that are synthesized have all of it: environments, APIs, domains, mappings and subscriptions', () => {
  const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
  const domains = { sandbox: { name: 'connect.example.com', certificateArn } };
  const template = synthesize({ domains, alarmEmail: 'ops@example.com' }).toJSON() as Template;
  const lost = (isGone: (id: string, type: string) => boolean, outputs = template.Outputs ?? {}) => {
    const kept = Object.entries(template.Resources).filter(([id, { Type }]) => !isGone(id, Type));
    return findLosses({ template, outputs: {} }, { Resources: Object.fromEntries(kept), Outputs: outputs }).map(
      ({ name }) => name,
    );
  };
  const ofSandbox = (type: string) => lost((id, each) => id.startsWith('Sandbox') && each === type);
  expect(lost(() => false)).toEqual([]);
  expect(lost(() => false, { SandboxCallbackUrl: { Value: 'https://connect.example.com/oauth/callback' } })).toEqual([
    'production',
  ]);
  expect(lost((_, type) => type === 'AWS::SNS::Subscription')).toEqual(['ops@example.com']);
  expect(lost((_, type) => type === 'AWS::SNS::Topic')).toEqual(['alarms']);
  expect(ofSandbox('AWS::ApiGatewayV2::Api')).toEqual(['sandbox/api']);
  expect(ofSandbox('AWS::ApiGatewayV2::DomainName')).toEqual(['sandbox/domain']);
  expect(ofSandbox('AWS::ApiGatewayV2::ApiMapping')).toEqual(['sandbox/mapping']);
});
