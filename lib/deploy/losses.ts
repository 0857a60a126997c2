import { type ProcoreEnvironmentName, procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { outputName, pascalCase } from '../stack-outputs.ts';

/** A template of CloudFormation, as far as it is compared. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What runs before a deployment. */
export interface Deployed {
  readonly template: Template;
  /** The values of the stack's outputs. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Something that a deployment would take away, and that nobody gives back. */
export interface Loss {
  /** By which `--remove` allows it. */
  readonly name: string;
  /** What goes, and what that means. */
  readonly text: string;
}

/**
 * Finds what a deployment would take away for good: an environment, an HTTP API, a domain or its mapping, an address that
 * would move before anybody can reach the new one, or somebody who is told of alarms. CloudFormation would do all of it
 * without a question.
 *
 * @returns nothing where nothing is lost; of an environment that goes, only the environment
 */
export function findLosses(deployed: Deployed, next: Template): readonly Loss[] {
  const environments = environmentsOf(deployed.template);
  const kept = environments.filter((name) => environmentsOf(next).includes(name));
  return [
    ...environments.filter((name) => !kept.includes(name)).map((name) => lostEnvironment(name, deployed)),
    ...kept.flatMap((name) => lossesOf(name, deployed, next)),
    ...lostListeners(deployed.template, next),
  ];
}

/**
 * Tells which redirect URIs change though nothing is lost.
 *
 * @returns a sentence for each environment whose address moves
 */
export function movedAddresses({ template, outputs }: Deployed, next: Template): readonly string[] {
  return environmentsOf(template)
    .filter((name) => environmentsOf(next).includes(name) && addressOf(name, template) !== addressOf(name, next))
    .map((name) => {
      const output = outputName(name, 'CallbackUrl');
      const value = next.Outputs?.[output]?.Value;
      const to = typeof value === 'string' ? value : `that of API Gateway's own host (output ${output})`;
      return (
        `${name}: the redirect URI moves from ${outputs[output] ?? 'the old one'} to ${to}. Both must be registered at ` +
        `Procore. Afterwards run npm run procore -- webhooks apply --environment ${name}.`
      );
    });
}

function environmentsOf({ Outputs = {} }: Template): readonly ProcoreEnvironmentName[] {
  return procoreEnvironmentNames.filter((name) => Outputs[outputName(name, 'CallbackUrl')] !== undefined);
}

/** Comparable: a template says an address as a text or as references. */
function addressOf(name: ProcoreEnvironmentName, { Outputs = {} }: Template): string {
  return JSON.stringify(Outputs[outputName(name, 'CallbackUrl')]?.Value);
}

function lostEnvironment(name: ProcoreEnvironmentName, { outputs }: Deployed): Loss {
  const uri = outputs[outputName(name, 'CallbackUrl')] ?? 'unknown';
  return {
    name,
    text:
      `The environment ${name} would go, with its HTTP API. Its redirect URI (${uri}) and its webhook URL end: nobody can ` +
      'connect, its tokens are not rotated any more, and Procore drops its events after 12 hours. Its tables and secrets ' +
      'stay behind, but a later deployment makes new, empty ones. Before that, disconnect its accounts (npm run procore ' +
      '-- connections disconnect) and remove its hooks (npm run procore -- webhooks remove); afterwards take the redirect ' +
      'URI away in the Developer Portal.',
  };
}

function lossesOf(name: ProcoreEnvironmentName, deployed: Deployed, next: Template): readonly Loss[] {
  const gone = (type: string) => goneResources(name, type, deployed.template, next);
  const [domain] = gone('AWS::ApiGatewayV2::DomainName');
  const losses: Loss[] = [];
  if (gone('AWS::ApiGatewayV2::Api').length > 0) losses.push(lostApi(name, deployed));
  else if (movesTooEarly(name, deployed.template, next)) losses.push(earlyAddress(name, next));
  if (domain !== undefined) losses.push(lostDomain(name, domain));
  else if (gone('AWS::ApiGatewayV2::ApiMapping').length > 0) losses.push(lostMapping(name));
  return losses;
}

function lostApi(name: ProcoreEnvironmentName, { outputs }: Deployed): Loss {
  const output = outputName(name, 'CallbackUrl');
  return {
    name: `${name}/api`,
    text:
      `The HTTP API of ${name} would be replaced, and API Gateway gives the new one another host. The redirect URI ` +
      `${outputs[output] ?? ''} and the webhook URL change: register the new redirect URI (output ${output}) in the ` +
      `Developer Portal, and run npm run procore -- webhooks apply --environment ${name}. Until then nobody can connect, ` +
      'and Procore drops its events after 12 hours.',
  };
}

function lostDomain(name: ProcoreEnvironmentName, { Properties = {} }: Resource): Loss {
  return {
    name: `${name}/domain`,
    text:
      `The host ${String(Properties.DomainName)} of ${name} would go: links, sign-ins and webhooks that are sent to it ` +
      'fail at once. First deploy with "inUse": false in its domain, with the redirect URI of API Gateway’s own host ' +
      `(output ${outputName(name, 'CallbackUrl')}) registered at Procore, and run npm run procore -- webhooks apply ` +
      `--environment ${name}.`,
  };
}

function lostMapping(name: ProcoreEnvironmentName): Loss {
  return {
    name: `${name}/mapping`,
    text:
      `The mapping that leads the host of ${name} to its HTTP API would go or be replaced: links, sign-ins and webhooks ` +
      'that are sent to the host fail until another one leads there.',
  };
}

/** A host that is made and put into use at once has no DNS record yet: only its deployment tells what that points to. */
function movesTooEarly(name: ProcoreEnvironmentName, deployed: Template, next: Template): boolean {
  const hosts = (template: Template) =>
    resourcesOf(name, 'AWS::ApiGatewayV2::DomainName', template).map(([, { Properties }]) => Properties?.DomainName);
  const known = hosts(deployed);
  return hosts(next)
    .filter((host) => !known.includes(host))
    .some((host) => addressOf(name, next).includes(`https://${String(host)}/`));
}

function earlyAddress(name: ProcoreEnvironmentName, next: Template): Loss {
  return {
    name: `${name}/address`,
    text:
      `The redirect URI and the webhook URL of ${name} would move to ${addressOf(name, next)} before that host has a DNS ` +
      'record: nobody could connect. First deploy with "inUse": false in its domain; then make the DNS record, register ' +
      'the redirect URI at Procore, and take "inUse" out.',
  };
}

/** Resources of an environment that are there and will not be, or that a change of their names replaces. */
function goneResources(name: ProcoreEnvironmentName, type: string, deployed: Template, next: Template): Resource[] {
  const identity = ([id, { Properties = {} }]: readonly [string, Resource]) =>
    // The properties whose change makes API Gateway replace it.
    JSON.stringify([id, Properties.DomainName, Properties.ApiId, Properties.ApiMappingKey]);
  const kept = new Set(resourcesOf(name, type, next).map(identity));
  return resourcesOf(name, type, deployed)
    .filter((resource) => !kept.has(identity(resource)))
    .map(([, resource]) => resource);
}

function resourcesOf(name: ProcoreEnvironmentName, type: string, { Resources }: Template) {
  return Object.entries(Resources).filter(([id, { Type }]) => Type === type && id.startsWith(pascalCase(name)));
}

/** Whoever is told of alarms by the stack: subscriptions of its topic, and topics of one's own that alarms name. */
function lostListeners(deployed: Template, next: Template): readonly Loss[] {
  const topics = ({ Resources }: Template) =>
    Object.entries(Resources).flatMap(([id, { Type }]) => (Type === 'AWS::SNS::Topic' ? [id] : []));
  const isTopicGone = topics(deployed).some((id) => !topics(next).includes(id));
  const kept = new Set(listenersOf(next));
  const gone = [...new Set(listenersOf(deployed))].filter((listener) => !kept.has(listener));
  const topicLoss: Loss = {
    name: 'alarms',
    text:
      'The topic of alarms would be replaced. Subscriptions that were made by hand end with it, and addresses of cdk.json ' +
      'have to confirm a mail of AWS again before they are told of anything.',
  };
  return [
    ...(isTopicGone ? [topicLoss] : []),
    ...gone.map((listener) => ({
      name: listener,
      text: `${listener} would not be told of alarms any more. A subscription that comes back must be confirmed again.`,
    })),
  ];
}

function listenersOf({ Resources }: Template): readonly string[] {
  return Object.values(Resources).flatMap(({ Type, Properties = {} }) => {
    if (Type === 'AWS::SNS::Subscription') return [asText(Properties.Endpoint)];
    if (!/^AWS::CloudWatch::(Composite)?Alarm$/.test(Type)) return [];
    const actions = Array.isArray(Properties.AlarmActions) ? Properties.AlarmActions : [];
    // References are to the stack's own topic.
    return actions.filter((action) => typeof action === 'string');
  });
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
