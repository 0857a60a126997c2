import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputName } from '../../stack-outputs.ts';
import { withoutIgnored } from '../template/ignored.ts';
import { type KnownType, resourceProperties } from '../template/resource-properties.ts';
import { isList, isObject, type Json, type Template, type TemplateResource } from '../template/template.ts';
import type { MarkedEnvironment } from './cloud-assembly.ts';
import type { FlatResource, FlatTemplate } from './flat-template.ts';
import { type Selection, shortPath } from './selection.ts';

/** A template that the runner takes, and what of the selected resources it leaves out. */
export interface RunnableTemplate {
  readonly template: Template;
  /** E.g. `TheirStack/Reader: Layers`, for people. */
  readonly leftOut: readonly string[];
}

/** The managed policies that say no more than that a function may write its log. */
const logsOnly = /\/service-role\/AWSLambda(BasicExecutionRole|VPCAccessExecutionRole)$/;

/**
 * Makes of a selection what the runner takes: it refuses what it does not know, which is right for our own template. An
 * app of somebody's may set anything, by aspects also on resources of ours, so that it is left out here and said.
 *
 * @param folder where the code goes that stands in the template itself
 */
export function runnable(
  { resources, functions }: Selection,
  { outputs }: FlatTemplate,
  environments: readonly MarkedEnvironment[],
  folder: string,
): RunnableTemplate {
  const leftOut = new Set<string>();
  const made = Object.entries(resources).flatMap(([id, resource]): [string, TemplateResource][] => {
    const say = (what: string) => leftOut.add(`${shortPath(resource.path)}: ${what}`);
    const { Type, Metadata } = resource;
    if (!Object.hasOwn(resourceProperties, Type)) return [[id, { Type, Properties: resource.Properties ?? {} }]];
    const given = functions.includes(id) ? theirFunction(id, resource, folder) : resource;
    const Properties = withKnown(Type as KnownType, given.Properties ?? {}, say);
    const asset = given.Metadata ?? Metadata;
    const common = { Type, ...(asset && { Metadata: asset }) };
    if (Type === 'AWS::IAM::Role') return roleAndPolicy(id, { ...common, Properties }, say);
    if (Type === 'AWS::IAM::Policy') {
      const PolicyDocument = readable(Properties.PolicyDocument ?? null, say);
      return [[id, { ...common, Properties: { ...Properties, PolicyDocument } }]];
    }
    return [[id, { ...common, Properties }]];
  });
  const prefixes = environments.map(({ procoreEnvironment }) => outputName(procoreEnvironment, 'ApiEndpoint'));
  const isOurs = (name: string) => prefixes.some((each) => name.startsWith(each.replace(/ApiEndpoint$/, '')));
  const known = new Set(made.map(([id]) => id));
  const shown = Object.entries(outputs).filter(([name, value]) => isOurs(name) && isResolvable(value, known));
  return {
    template: {
      Resources: Object.fromEntries(made),
      Outputs: Object.fromEntries(shown.map(([name, Value]) => [name, { Value }])),
    },
    leftOut: [...leftOut],
  };
}

/** Runs on this Node, whatever Node it is deployed with, and logs as every function here. */
function theirFunction(id: string, { Properties = {}, Metadata }: FlatResource, folder: string) {
  const { LoggingConfig: _log, FunctionName, Code, ...others } = Properties;
  return {
    Properties: {
      ...others,
      Runtime: 'nodejs24.x',
      // CloudFormation's own name otherwise.
      ...(typeof FunctionName === 'string' && { FunctionName }),
    },
    Metadata: Metadata?.['aws:asset:path'] === undefined ? inlineCode(id, Code, folder) : Metadata,
  };
}

function inlineCode(id: string, code: Json | undefined, folder: string): Record<string, Json> {
  const directory = join(folder, 'inline', id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'index.js'), isObject(code) ? String(code.ZipFile) : '');
  return { 'aws:asset:path': directory };
}

/** Properties that mean nothing to the runner go; what it leaves out knowingly goes without a word. */
function withKnown(type: KnownType, properties: Record<string, Json>, say: (what: string) => void) {
  const known = Object.keys(resourceProperties[type].shape);
  const left = withoutIgnored(type, properties);
  return Object.fromEntries(
    Object.entries(isObject(left) ? left : {}).filter(([key]) => {
      if (known.includes(key)) return true;
      say(key);
      return false;
    }),
  );
}

/** A role's own policies become one of their own, whose conditions the runner leaves out and says. */
function roleAndPolicy(
  id: string,
  { Properties = {}, ...role }: TemplateResource,
  say: (what: string) => void,
): [string, TemplateResource][] {
  const { Policies = [], ManagedPolicyArns = [] } = Properties;
  for (const managed of isList(ManagedPolicyArns) ? ManagedPolicyArns : []) {
    const text = JSON.stringify(managed);
    if (!logsOnly.test(textOf(managed)) && !text.includes('CodeDeploy')) say(`the managed policy ${textOf(managed)}`);
  }
  const policies = (isList(Policies) ? Policies : []).map((policy, index): [string, TemplateResource] => [
    `${id}Policy${index}`,
    {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyDocument: readable((isObject(policy) ? policy.PolicyDocument : undefined) ?? null, say),
        Roles: [{ Ref: id }],
      },
    },
  ]);
  return [[id, { ...role, Properties: {} }], ...policies];
}

/** The text of a managed policy's ARN; the partition in it is a reference. */
function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  const join = isObject(value) ? value['Fn::Join'] : undefined;
  const parts = isList(join) && isList(join[1]) ? join[1] : [];
  return parts.map((part) => (typeof part === 'string' ? part : 'aws')).join('');
}

/** The runner evaluates no NotAction and NotResource: what such a statement allows is refused here. */
function readable(document: Json, say: (what: string) => void): Json {
  if (!isObject(document)) return document;
  const statements = isList(document.Statement) ? document.Statement : [document.Statement ?? []].flat();
  const kept = statements.filter((statement) => {
    if (!isObject(statement) || (statement.NotAction === undefined && statement.NotResource === undefined)) return true;
    say('a statement with NotAction or NotResource: what it allows is refused here');
    return false;
  });
  return { ...document, Statement: kept };
}

/** Whether a value refers to what runs alone. */
function isResolvable(value: Json, known: ReadonlySet<string>): boolean {
  if (isList(value)) return value.every((element) => isResolvable(element, known));
  if (!isObject(value)) return true;
  if (typeof value.Ref === 'string') return value.Ref.startsWith('AWS::') || known.has(value.Ref);
  const attribute = value['Fn::GetAtt'];
  if (isList(attribute)) return known.has(String(attribute[0]));
  return Object.values(value).every((inner) => isResolvable(inner, known));
}
