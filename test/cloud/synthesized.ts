import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Bundles } from '../../lib/cloud/bundle/bundle.ts';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConnectorStack } from '../../lib/cloud/connector-stack.ts';
import { type AccountLimit, planConcurrency } from '../../lib/concurrency.ts';
import { handlerNames } from '../../lib/handler-names.ts';

/** The context of cdk.json. */
export const cdkContext: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
).context;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Resource {
  readonly Type: string;
  readonly Properties: { readonly [key: string]: Json };
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

/**
 * The template of one stack with cdk.json's own context and empty bundles.
 *
 * @param settings of the stack and its environments, which are `environments` or else sandbox and production
 */
export function synthesize(settings: Readonly<Record<string, unknown>> = {}, limit?: AccountLimit): Template {
  const [template, ...others] = synthesizeStage(settings, limit).values();
  if (template === undefined || others.length > 0) throw new Error('The settings give several stacks.');
  return template;
}

/** The templates of a whole stage by their stacks' names, in the order of deployment. @param block as `procore` of cdk.json */
export function synthesizeStage(block: unknown, limit?: AccountLimit): ReadonlyMap<string, Template> {
  const app = new App({
    context: { ...cdkContext, procore: block },
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  const bundles = stubBundles();
  const stacks = readConfiguration((key) => app.node.tryGetContext(key)).map((configuration) => {
    const concurrency = limit && { concurrency: planConcurrency(limit, configuration.environments) };
    return new ConnectorStack(app, { configuration, bundles, ...concurrency });
  });
  return new Map(stacks.map((stack) => [stack.stackName, Template.fromStack(stack)]));
}

const resourcesByTemplate = new WeakMap<Template, ReadonlyMap<string, Resource>>();

/** All resources of a template by logical id. */
export function resourcesOf(template: Template): ReadonlyMap<string, Resource> {
  const known = resourcesByTemplate.get(template);
  if (known !== undefined) return known;
  const { Resources: resources }: { Resources: Record<string, Resource> } = JSON.parse(
    JSON.stringify(template.toJSON()),
  );
  const read = new Map(Object.entries(resources));
  resourcesByTemplate.set(template, read);
  return read;
}

/** The resources of one type, by logical id. */
export function resourcesOfType(template: Template, type: string): readonly (readonly [string, Resource])[] {
  return [...resourcesOf(template)].filter(([, resource]) => resource.Type === type);
}

/** The function that is reached by a logical id: the id of the function itself, or of its alias. */
export function functionBehind(template: Template, logicalId: string): Resource | undefined {
  return resourcesOf(template).get(functionIdBehind(template, logicalId));
}

/** The logical id of that function. */
export function functionIdBehind(template: Template, logicalId: string): string {
  const resource = resourcesOf(template).get(logicalId);
  if (resource?.Type !== 'AWS::Lambda::Alias') return logicalId;
  return String(textsIn(resource.Properties.FunctionName ?? '')[0]);
}

/** The logical ids that a value refers to by Ref, Fn::GetAtt or Fn::Sub; pseudo parameters are left out. */
export function referencesIn(value: Json): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isList(value)) return value.flatMap(referencesIn);
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [String(inner)].filter((id) => !id.startsWith('AWS::'));
    if (key === 'Fn::GetAtt') return [String(isList(inner) ? inner[0] : String(inner).split('.')[0])];
    if (key === 'Fn::Sub')
      return [...JSON.stringify(inner).matchAll(/\$\{(\w+)[.}]/g)].map((match) => String(match[1]));
    return referencesIn(inner);
  });
}

/** All texts in a value, keys not included. */
export function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Bundles that hold next to nothing: what they do does not matter to a template. */
export function stubBundles(): Bundles {
  const directory = mkdtempSync(join(tmpdir(), 'stub-bundles-'));
  return Object.fromEntries(
    handlerNames.map((name) => {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, 'index.mjs'), `export const handler = () => '${name}';\n`);
      return [name, join(directory, name)];
    }),
  ) as Record<(typeof handlerNames)[number], string>;
}
