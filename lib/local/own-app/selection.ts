import { ignoredTypes } from '../template/ignored.ts';
import { resourceProperties } from '../template/resource-properties.ts';
import { isList, isObject, type Json } from '../template/template.ts';
import type { MarkedEnvironment } from './cloud-assembly.ts';
import { type FlatResource, type FlatTemplate, notRun } from './flat-template.ts';

/** A resource of an app that is not run here. */
export interface NotRun {
  /** In the tree of constructs. */
  readonly path: string;
  readonly type: string;
  /** Only where more is to be said than that it is no part of an environment. */
  readonly why?: string;
}

/** What of an app runs on this machine. */
export interface Selection {
  /** Of the environments, in their order, and then the integrator's own. Nothing in it refers to what is not run. */
  readonly resources: Readonly<Record<string, FlatResource>>;
  /** The integrator's own functions among them. */
  readonly functions: readonly string[];
  readonly notRun: readonly NotRun[];
  /** References to what is not run, with the value that stands for each: `TheirStack/Reader: TheirStack/Bucket is not-run-…`. */
  readonly standIns: readonly string[];
}

/** Statements about resources: whose they are is told by the roles that a policy names. */
const policyType = 'AWS::IAM::Policy';

/**
 * Chooses what of an app runs: the subtree of each environment, and the Node functions outside that it has granted
 * something, which is told by policies that name a resource of a subtree. A function comes with its role, the role's
 * policies, its aliases, and its event sources that are queues of a subtree.
 */
export function select({ resources }: FlatTemplate, environments: readonly MarkedEnvironment[]): Selection {
  const entries = Object.entries(resources);
  const inSubtrees = environments.flatMap(({ path }) =>
    entries.filter(([, resource]) => resource.path.startsWith(`${path}/`)),
  );
  const ours = new Set(inSubtrees.filter(([, { Type }]) => isKnown(Type)).map(([id]) => id));
  const refused = new Map<string, string>();
  const theirs = new Set<string>();
  const functions: string[] = [];
  for (const [id, resource] of entries) {
    if (resource.Type !== 'AWS::Lambda::Function' || ours.has(id)) continue;
    const [role = ''] = referencesIn(resource.Properties?.Role ?? null);
    const policies = entries.filter(
      ([, { Type, Properties }]) => Type === policyType && names(Properties?.Roles, role),
    );
    const documents = [...policies.map(([, policy]) => policy), resources[role]].map((each) => each?.Properties ?? {});
    if (!documents.some((document) => allowsAny(document, ours))) continue;
    const why = whyNotRun(resource);
    if (why !== undefined) {
      refused.set(id, `An environment has granted it something, but ${why}`);
      continue;
    }
    functions.push(id);
    for (const each of [id, role, ...policies.map(([policy]) => policy), ...belongings(entries, id, ours)]) {
      if (resources[each] !== undefined) theirs.add(each);
    }
  }
  const running = new Set([...ours, ...theirs]);
  const standIns = new Set<string>();
  return {
    resources: Object.fromEntries(
      [...running].map((id) => {
        const { path, ...resource } = resources[id] as FlatResource;
        return [id, { path, ...resource, ...standingIn(resource, { path, running, resources, standIns }) }];
      }),
    ),
    functions,
    notRun: entries
      .filter(([id, { Type }]) => !running.has(id) && !tellsNothing.has(Type))
      .map(([id, { path, Type }]) => ({ path, type: Type, ...(refused.has(id) && { why: refused.get(id) ?? '' }) })),
    standIns: [...standIns],
  };
}

/** What nobody has written themselves. */
const tellsNothing: ReadonlySet<string> = new Set(['AWS::CDK::Metadata', 'AWS::CloudFormation::Stack']);

function isKnown(type: string): boolean {
  return Object.hasOwn(resourceProperties, type) || Object.hasOwn(ignoredTypes, type);
}

function names(list: Json | undefined, id: string): boolean {
  return list !== undefined && referencesIn(list).includes(id);
}

/** Aliases and versions of a function, and event sources that take from queues of ours. */
function belongings(entries: readonly (readonly [string, FlatResource])[], id: string, ours: ReadonlySet<string>) {
  const aliases = entries
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Alias' || Type === 'AWS::Lambda::Version')
    .filter(([, { Properties }]) => names(Properties?.FunctionName, id))
    .map(([alias]) => alias);
  const sources = entries
    .filter(([, { Type }]) => Type === 'AWS::Lambda::EventSourceMapping')
    .filter(([, { Properties }]) => [id, ...aliases].some((each) => names(Properties?.FunctionName, each)))
    .filter(([, { Properties }]) => referencesIn(Properties?.EventSourceArn ?? null).some((each) => ours.has(each)))
    .map(([source]) => source);
  return [...aliases, ...sources];
}

/** @returns undefined when it can be run */
function whyNotRun({ Properties = {}, Metadata }: FlatResource): string | undefined {
  const { Runtime, Code, PackageType } = Properties;
  if (PackageType === 'Image') return 'it is a container image: only Node functions run here';
  if (typeof Runtime !== 'string' || !Runtime.startsWith('nodejs')) {
    return `its runtime is ${typeof Runtime === 'string' ? Runtime : 'not known'}: only Node functions run here`;
  }
  const asset = Metadata?.['aws:asset:path'];
  if (typeof asset === 'string' && /\.(zip|jar)$/.test(asset)) return 'its code is a packed file, not a folder';
  const isInline = isObject(Code) && typeof Code.ZipFile === 'string';
  if (typeof asset !== 'string' && !isInline) return 'its code is neither an asset nor inline';
  return undefined;
}

/** Whether a statement that allows something names a resource of ours. */
function allowsAny(value: Json, ours: ReadonlySet<string>): boolean {
  if (isList(value)) return value.some((element) => allowsAny(element, ours));
  if (!isObject(value)) return false;
  if (value.Effect === 'Allow' && value.Resource !== undefined) {
    return referencesIn(value.Resource).some((id) => ours.has(id));
  }
  return Object.values(value).some((inner) => allowsAny(inner, ours));
}

/** The logical ids that a value refers to. */
function referencesIn(value: Json): string[] {
  if (isList(value)) return value.flatMap(referencesIn);
  if (!isObject(value)) return [];
  const found = referenceOf(value);
  return found ? [found.id] : Object.values(value).flatMap(referencesIn);
}

/** @returns undefined for what is no reference to a resource */
function referenceOf(value: { readonly [key: string]: Json }): { id: string; attribute: string } | undefined {
  const [[name, argument] = ['', null], ...more] = Object.entries(value);
  if (more.length > 0) return undefined;
  if (name === 'Ref' && typeof argument === 'string' && !argument.startsWith('AWS::')) {
    return { id: argument, attribute: 'Ref' };
  }
  if (name !== 'Fn::GetAtt' || !isList(argument)) return undefined;
  const [id, ...rest] = argument.map(String);
  return { id: id ?? '', attribute: rest.join('.') };
}

interface Surroundings {
  readonly path: string;
  readonly running: ReadonlySet<string>;
  readonly resources: Readonly<Record<string, FlatResource>>;
  readonly standIns: Set<string>;
}

/** Puts a value that tells itself apart in the place of each reference to what is not run. */
function standingIn(resource: Omit<FlatResource, 'path'>, surroundings: Surroundings) {
  const replace = (value: Json): Json => {
    if (isList(value)) return value.map(replace);
    if (!isObject(value)) return value;
    const found = referenceOf(value);
    if (found === undefined) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
    }
    const { id, attribute } = found;
    if (surroundings.running.has(id)) return value;
    const path = surroundings.resources[id]?.path ?? id;
    const standIn = standInValue(id, attribute);
    // What is left out here altogether, such as alarms, is nowhere otherwise for it.
    if (!Object.hasOwn(ignoredTypes, resource.Type)) {
      surroundings.standIns.add(`${shortPath(surroundings.path)}: ${shortPath(path)} is ${standIn}`);
    }
    return standIn;
  };
  const { Properties = {} } = resource;
  return { Properties: replace(Properties) as Record<string, Json> };
}

function standInValue(id: string, attribute: string): string {
  if (attribute === 'Arn') return `arn:aws:not-run:us-east-1:000000000000:${id}`;
  return attribute === 'Ref' ? notRun(id) : notRun(`${id}-${attribute}`);
}

/** The path of the construct that a person has made: `Resource` is the CDK's own name for what it made of it. */
export function shortPath(path: string): string {
  return path.replace(/\/(Resource|Default)$/, '');
}
