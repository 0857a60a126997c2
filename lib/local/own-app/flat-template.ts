import { isAbsolute, join } from 'node:path';
import { isList, isObject, type Json, type Template, type TemplateResource } from '../template/template.ts';
import { type AppStack, readTemplate } from './cloud-assembly.ts';

/** A resource of an app. Its references name resources of the flat template, and its asset's path is absolute. */
export interface FlatResource extends TemplateResource {
  /** In the tree of constructs, e.g. `TheirStack/Bucket/Resource`; the logical id where the CDK has left none. */
  readonly path: string;
}

/** All stacks of an app as one. */
export interface FlatTemplate {
  /** By logical id, which is another one than in its stack where two stacks have the same. */
  readonly resources: Readonly<Record<string, FlatResource>>;
  /** Those of all stacks; the first of a name counts. */
  readonly outputs: Readonly<Record<string, Json>>;
}

/** What stands for a value that is known only on AWS. Its form is one that nobody takes for a name of theirs. */
export function notRun(what: string): string {
  return `not-run-${what.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
}

/** A stack, or a nested one, whose logical ids have their names in the flat template. */
interface Scope {
  readonly template: Template & { readonly Parameters?: Json };
  readonly directory: string;
  readonly ids: ReadonlyMap<string, string>;
  /** What a nested stack's parameters hold, in the words of the stack around it. */
  readonly parameters: { readonly given: Readonly<Record<string, Json>>; readonly from: Scope } | undefined;
  readonly nested: Map<string, Scope>;
}

/**
 * Lays the stacks of an app over one another, with what nests in them, so that references across stacks are references
 * within one template: parameters and outputs of nested stacks, and exports that another stack imports.
 */
export function flatten(stacks: readonly AppStack[]): FlatTemplate {
  const taken = new Set<string>();
  const scopes: Scope[] = [];
  const exported = new Map<string, { readonly value: Json; readonly scope: Scope }>();

  function open(template: Template, directory: string, parameters?: Scope['parameters']): Scope {
    const ids = new Map(Object.keys(template.Resources).map((id) => [id, free(id, taken)]));
    const scope: Scope = { template, directory, ids, parameters, nested: new Map() };
    scopes.push(scope);
    for (const [id, resource] of Object.entries(template.Resources)) {
      const file = resource.Metadata?.['aws:asset:path'];
      if (resource.Type !== 'AWS::CloudFormation::Stack' || typeof file !== 'string') continue;
      const given = isObject(resource.Properties?.Parameters) ? resource.Properties.Parameters : {};
      scope.nested.set(id, open(readTemplate(join(directory, file)), directory, { given, from: scope }));
    }
    return scope;
  }

  for (const { name: stackName, template, directory } of stacks) {
    const scope = open(template, directory);
    for (const { name, Value, Export } of outputsOf(template)) {
      const imported = isObject(Export) ? Export.Name : undefined;
      if (typeof imported === 'string') exported.set(imported, { value: Value, scope });
      exported.set(outputKey(stackName, name), { value: Value, scope });
    }
  }
  const resources: Record<string, FlatResource> = {};
  const outputs: Record<string, Json> = {};
  for (const scope of scopes) {
    for (const [id, resource] of Object.entries(scope.template.Resources)) {
      resources[scope.ids.get(id) ?? id] = flat(id, resource, scope, exported);
    }
    for (const { name, Value } of outputsOf(scope.template)) outputs[name] ??= rewrite(Value, scope, exported);
  }
  return { resources, outputs };
}

/** What one stack can read of another: by the name of an export, or by stack and output. */
type Exports = ReadonlyMap<string, { readonly value: Json; readonly scope: Scope }>;

function outputKey(stackName: string, output: string): string {
  return `${stackName}/output/${output}`;
}

function outputsOf({ Outputs = {} }: Template): { name: string; Value: Json; Export?: Json }[] {
  return Object.entries(Outputs).map(([name, output]) => ({ name, ...output }));
}

/** @returns the id, or one like it that no stack before has; its end, where CDK's hash stands, stays */
function free(id: string, taken: Set<string>): string {
  let candidate = id;
  for (let number = 2; taken.has(candidate); number += 1) candidate = `S${number}${id}`;
  taken.add(candidate);
  return candidate;
}

function flat(id: string, { Type, Properties, Metadata }: TemplateResource, scope: Scope, exported: Exports) {
  const asset = Metadata?.['aws:asset:path'];
  const path = Metadata?.['aws:cdk:path'];
  return {
    Type,
    path: typeof path === 'string' ? path : (scope.ids.get(id) ?? id),
    Properties: rewrite(Properties ?? {}, scope, exported) as Record<string, Json>,
    ...(typeof asset === 'string' && {
      Metadata: { 'aws:asset:path': isAbsolute(asset) ? asset : join(scope.directory, asset) },
    }),
  };
}

function rewrite(value: Json, scope: Scope, exported: Exports): Json {
  if (isList(value)) return value.map((element) => rewrite(element, scope, exported));
  if (!isObject(value)) return value;
  const entries = Object.entries(value);
  const [[name, argument] = ['', null]] = entries;
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) {
    return intrinsic(name, argument, scope, exported);
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, rewrite(inner, scope, exported)]));
}

function intrinsic(name: string, argument: Json, scope: Scope, exported: Exports): Json {
  switch (name) {
    case 'Ref':
      return reference(String(argument), scope, exported);
    case 'Fn::GetAtt': {
      const [id = '', ...rest] = typeof argument === 'string' ? argument.split('.') : isList(argument) ? argument : [];
      return attribute(String(id), rest.map(String).join('.'), scope, exported);
    }
    case 'Fn::Sub':
      return substituted(argument, scope, exported);
    case 'Fn::ImportValue': {
      const found = typeof argument === 'string' ? exported.get(argument) : undefined;
      return found ? rewrite(found.value, found.scope, exported) : notRun(`import-${JSON.stringify(argument)}`);
    }
    case 'Fn::GetStackOutput': {
      const { StackName, OutputName } = isObject(argument) ? argument : {};
      const found = exported.get(outputKey(String(StackName), String(OutputName)));
      return found ? rewrite(found.value, found.scope, exported) : notRun(`${String(StackName)}-${String(OutputName)}`);
    }
    case 'Fn::Join':
    case 'Fn::Select':
    case 'Fn::Split':
      return { [name]: rewrite(argument, scope, exported) };
    default:
      return notRun(name);
  }
}

/** Pseudo parameters that the runner has a value for. */
const knownHere: ReadonlySet<string> = new Set(
  ['AccountId', 'Region', 'Partition', 'URLSuffix', 'StackName'].map((name) => `AWS::${name}`),
);

function reference(name: string, scope: Scope, exported: Exports): Json {
  if (name.startsWith('AWS::')) return knownHere.has(name) ? { Ref: name } : notRun(name);
  const given = scope.parameters?.given[name];
  if (scope.parameters !== undefined && given !== undefined) return rewrite(given, scope.parameters.from, exported);
  const id = scope.ids.get(name);
  if (id !== undefined) return { Ref: id };
  const { Parameters } = scope.template;
  const parameter = isObject(Parameters) ? Parameters[name] : undefined;
  const isPlain = isObject(parameter) && parameter.Type === 'String' && typeof parameter.Default === 'string';
  return isPlain ? (parameter.Default ?? '') : notRun(`parameter-${name}`);
}

function attribute(id: string, name: string, scope: Scope, exported: Exports): Json {
  const nested = scope.nested.get(id);
  const [, output = ''] = /^Outputs\.(.+)$/.exec(name) ?? [];
  const value = nested?.template.Outputs?.[output]?.Value;
  if (nested !== undefined && value !== undefined) return rewrite(value, nested, exported);
  return { 'Fn::GetAtt': [scope.ids.get(id) ?? id, name] };
}

/** As Fn::Join, whose parts are rewritten one by one. */
function substituted(argument: Json, scope: Scope, exported: Exports): Json {
  const [pattern, given] = isList(argument) ? argument : [argument, {}];
  const variables = isObject(given) ? given : {};
  const parts = String(pattern)
    .split(/(\$\{[^}]+\})/)
    .map((part): Json => {
      const [, name] = /^\$\{([^}]+)\}$/.exec(part) ?? [];
      if (name === undefined) return part;
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      const variable = variables[name];
      if (variable !== undefined) return rewrite(variable, scope, exported);
      const [id = '', ...rest] = name.split('.');
      return rest.length > 0 ? attribute(id, rest.join('.'), scope, exported) : reference(name, scope, exported);
    });
  return { 'Fn::Join': ['', parts] };
}
