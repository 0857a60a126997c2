import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { faultOfName, nameRules } from '../../aws-names.ts';
import {
  account,
  functionArn,
  generatedName,
  queueArn,
  queueUrl,
  region,
  secretArn,
  stackName,
  tableArn,
} from '../aws/identity.ts';
import { ignoredTypes, withoutIgnored } from './ignored.ts';
import { readPolicyDocument, type Statement } from './policy.ts';
import { type KnownType, type PropertiesOf, resourceProperties } from './resource-properties.ts';
import {
  createResolver,
  type Json,
  type Resolve,
  type Template,
  TemplateNotSupportedError,
  type TemplateResource,
} from './template.ts';

/** Everything that the runner makes of a template, resolved. */
export type LocalResources = ReturnType<typeof readResources>;

/** Where a template's resources are on this machine. */
export interface Whereabouts {
  /** The AWS front's origin; queue URLs start with it. */
  readonly endpoint: string;
  /** The origin at which each HTTP API is served, by logical id. */
  readonly apiOrigins: ReadonlyMap<string, string>;
  /** The folder that relative asset paths start from. */
  readonly assetRoot: string;
}

/**
 * Reads a template into what the runner makes of it.
 *
 * @throws TemplateNotSupportedError naming the type, logical id and property that the runner does not know, or the name
 *   that AWS would refuse
 */
export function readResources(template: Template, where: Whereabouts) {
  const resolve: Resolve = createResolver(template, (logicalId, resource, attribute) =>
    resource.Type === 'AWS::Lambda::Alias'
      ? aliasAttribute(resource, attribute, (value) => String(resolve(value, logicalId)))
      : attributeOf(logicalId, resource, attribute, where),
  );
  const all: AllOf = (type) =>
    Object.entries(template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId, resource]) => ({
        logicalId,
        name: physicalName(logicalId, resource),
        metadata: resource.Metadata,
        properties: checked(type, logicalId, resolve(withoutIgnored(type, resource.Properties ?? {}), logicalId)),
      }));

  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    refuseUnknown(resource.Type, logicalId);
    const fault = faultOfName({ ...resource, logicalId }, stackName);
    if (fault !== undefined) throw new TemplateNotSupportedError(fault);
  }
  for (const type of ['AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Stage'] as const) all(type);

  const leftOut: string[] = [];
  return {
    /** What the template asks for and the runner does otherwise, for people. */
    leftOut,
    tables: all('AWS::DynamoDB::Table').map(({ name, properties }) => ({ ...properties, TableName: name })),
    /** With attributes as CreateQueue takes them. */
    queues: all('AWS::SQS::Queue').map(({ name, properties }) => {
      const { QueueName: _given, ...attributes } = properties;
      return {
        name,
        attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, asText(value)])),
      };
    }),
    /** With the first value, or how to generate it. */
    secrets: all('AWS::SecretsManager::Secret').map(({ name, properties }) => ({
      name,
      value: properties.SecretString ?? properties.GenerateSecretString,
    })),
    functions: readFunctions(all, where.assetRoot, leftOut),
    routes: readRoutes(all),
    eventSources: readEventSources(all, where.endpoint),
    rules: all('AWS::Events::Rule').map(({ logicalId, properties }) => ({
      arn: ruleArn(logicalId),
      scheduleExpression: properties.ScheduleExpression,
      functionName: functionNameOf(properties.Targets[0].Arn),
    })),
    outputs: Object.fromEntries(
      Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [
        name,
        asText(resolve(Value, `output ${name}`)),
      ]),
    ),
  };
}

/** Gives all resources of a type, resolved and checked. */
type AllOf = <Type extends KnownType>(
  type: Type,
) => {
  readonly logicalId: string;
  readonly name: string;
  readonly metadata: TemplateResource['Metadata'];
  readonly properties: PropertiesOf<Type>;
}[];

function readFunctions(all: AllOf, assetRoot: string, leftOut: string[]) {
  const statements = statementsByRole(all, leftOut);
  const aliases = Map.groupBy(all('AWS::Lambda::Alias'), ({ properties }) => properties.FunctionName);
  const functions = all('AWS::Lambda::Function');
  for (const { logicalId, properties } of functions) {
    if (properties.VpcConfig !== undefined) leftOut.push(`${logicalId}: its VPC. It reaches what this machine reaches`);
  }
  return functions.map(({ logicalId, name, metadata, properties }) => ({
    logicalId,
    name,
    assetDirectory: assetDirectory(logicalId, metadata?.['aws:asset:path'], assetRoot),
    handler: properties.Handler,
    timeoutSeconds: properties.Timeout,
    memoryMb: properties.MemorySize,
    environment: mapValues(properties.Environment?.Variables ?? {}, withLocalSecrets),
    logGroup: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
    ...(properties.ReservedConcurrentExecutions !== undefined && {
      maxConcurrency: properties.ReservedConcurrentExecutions,
    }),
    roleStatements: statements.get(properties.Role) ?? [],
    /** Names of its aliases, all of which run the code in the assembly. */
    aliases: (aliases.get(name) ?? []).map(({ properties: { Name } }) => Name),
  }));
}

/** What each role may do, by its ARN. */
function statementsByRole(all: AllOf, leftOut: string[]): ReadonlyMap<string, readonly Statement[]> {
  const statements = new Map<string, Statement[]>();
  const allow = (role: string, read: readonly Statement[]) => {
    const local = read.map((statement) => ({ ...statement, resources: statement.resources.map(withLocalSecrets) }));
    statements.set(role, [...(statements.get(role) ?? []), ...local]);
  };
  for (const { logicalId, properties } of all('AWS::IAM::Role')) {
    for (const { PolicyDocument } of properties.Policies) {
      allow(roleArn(logicalId), readPolicyDocument(PolicyDocument, logicalId));
    }
  }
  for (const { logicalId, properties } of all('AWS::IAM::Policy')) {
    // Ours stand in the roles themselves; these are what an integrator has added.
    const read = readPolicyDocument(properties.PolicyDocument, logicalId, (what) => leftOut.push(what));
    for (const role of properties.Roles) allow(roleArn(role), read);
  }
  return statements;
}

/** A secret of another account or region is looked for in the local Secrets Manager, under the same name. */
function withLocalSecrets(text: string): string {
  return text.replaceAll(/arn:[\w-]+:secretsmanager:[\w-]*:\d{12}:secret:([\w/+=.@-]+)-\w{6}(?!\w)/g, (_arn, name) =>
    secretArn(String(name)),
  );
}

function mapValues(values: Readonly<Record<string, string>>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}

/** The route `$default` has the method `ANY`. */
function readRoutes(all: AllOf) {
  const integrations = new Map(
    all('AWS::ApiGatewayV2::Integration').map(({ logicalId, properties }) => [
      `integrations/${logicalId}`,
      properties.IntegrationUri,
    ]),
  );
  return all('AWS::ApiGatewayV2::Route').map(({ properties: { ApiId, RouteKey, Target } }) => {
    const [method = '', path = ''] = RouteKey === '$default' ? ['ANY', RouteKey] : RouteKey.split(' ');
    return { apiLogicalId: ApiId, method, path, functionName: functionNameOf(integrations.get(Target) ?? '') };
  });
}

function readEventSources(all: AllOf, endpoint: string) {
  const visibility = new Map(
    all('AWS::SQS::Queue').map(({ name, properties }) => [name, properties.VisibilityTimeout]),
  );
  return all('AWS::Lambda::EventSourceMapping').map(({ properties }) => ({
    queueUrl: queueUrl(endpoint, lastPart(properties.EventSourceArn)),
    visibilityTimeoutSeconds: visibility.get(lastPart(properties.EventSourceArn)) ?? 30,
    functionName: functionNameOf(properties.FunctionName),
    batchSize: properties.BatchSize,
    ...(properties.ScalingConfig && { maximumConcurrency: properties.ScalingConfig.MaximumConcurrency }),
    reportBatchItemFailures: properties.FunctionResponseTypes.length > 0,
  }));
}

/** The logical ids of the template's HTTP APIs, in its order. */
export function httpApiIds(template: Template): string[] {
  const resources = Object.entries(template.Resources);
  return resources.filter(([, { Type }]) => Type === 'AWS::ApiGatewayV2::Api').map(([logicalId]) => logicalId);
}

function refuseUnknown(type: string, logicalId: string): void {
  if (Object.hasOwn(resourceProperties, type) || Object.hasOwn(ignoredTypes, type)) return;
  throw new TemplateNotSupportedError(
    `The local runner does not know the resource type ${type} (${logicalId}). Teach it in lib/local/template/resources.ts, or ` +
      'list it with the reason in lib/local/template/ignored.ts.',
  );
}

function checked<Type extends KnownType>(type: Type, logicalId: string, properties: Json): PropertiesOf<Type> {
  const schema: z.ZodType = resourceProperties[type];
  const parsed = schema.safeParse(properties);
  if (parsed.success) return parsed.data as PropertiesOf<Type>;
  throw new TemplateNotSupportedError(
    `The local runner does not understand ${logicalId} (${type}): ${z.prettifyError(parsed.error)}`,
  );
}

/** The types whose names matter here. */
const named = /^AWS::(DynamoDB::Table|Lambda::Function|SecretsManager::Secret|SQS::Queue)$/;

function physicalName(logicalId: string, { Type, Properties }: TemplateResource): string {
  const { property = '', most = 255 } = (named.test(Type) && nameRules[Type]) || {};
  const given = Properties?.[property];
  if (typeof given === 'string') return given;
  if (given !== undefined) throw new TemplateNotSupportedError(`${logicalId}.${property} must be plain text.`);
  const suffix = Properties?.FifoQueue === true ? '.fifo' : '';
  return generatedName(logicalId, most - suffix.length) + suffix;
}

function attributeOf(logicalId: string, resource: TemplateResource, attribute: string, where: Whereabouts) {
  const name = physicalName(logicalId, resource);
  const attributes: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    'AWS::ApiGatewayV2::Api': { Ref: logicalId, ApiEndpoint: where.apiOrigins.get(logicalId) },
    'AWS::ApiGatewayV2::Integration': { Ref: logicalId },
    'AWS::DynamoDB::Table': { Ref: name, Arn: tableArn(name) },
    'AWS::Events::Rule': { Arn: ruleArn(logicalId) },
    'AWS::IAM::Role': { Ref: logicalId, Arn: roleArn(logicalId) },
    'AWS::KMS::Key': { Arn: `arn:aws:kms:${region}:${account}:key/${logicalId}` },
    'AWS::Lambda::Function': { Ref: name, Arn: functionArn(name) },
    'AWS::Lambda::Version': { Version: '1' },
    'AWS::Logs::LogGroup': { Ref: logicalId, Arn: `arn:aws:logs:${region}:${account}:log-group:${logicalId}:*` },
    'AWS::SecretsManager::Secret': { Ref: secretArn(name) },
    'AWS::SNS::Topic': { Ref: `arn:aws:sns:${region}:${account}:${logicalId}` },
    'AWS::SQS::Queue': { Ref: queueUrl(where.endpoint, name), Arn: queueArn(name), QueueName: name },
  };
  return attributes[resource.Type]?.[attribute];
}

/** Of an alias there is only its ARN, which ends with its function's name and its own. */
function aliasAttribute({ Properties = {} }: TemplateResource, attribute: string, textOf: (value: Json) => string) {
  if (attribute !== 'Ref') return undefined;
  const { FunctionName: functionName = '', Name: alias = '' } = Properties;
  return functionArn(`${textOf(functionName)}:${textOf(alias)}`);
}

function roleArn(logicalId: string): string {
  return `arn:aws:iam::${account}:role/${logicalId}`;
}

function ruleArn(logicalId: string): string {
  return `arn:aws:events:${region}:${account}:rule/${logicalId}`;
}

function assetDirectory(logicalId: string, path: Json | undefined, assetRoot: string): string {
  if (typeof path === 'string') return isAbsolute(path) ? path : join(assetRoot, path);
  const problem = 'has no aws:asset:path in its metadata: its code must be an asset (lambda.Code.fromAsset).';
  throw new TemplateNotSupportedError(`${logicalId} ${problem}`);
}

function asText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** @returns the name of a function, given its name or ARN, with the name of an alias or without */
export function functionNameOf(nameOrArn: string): string {
  return nameOrArn.replace(/^.*:function:/, '').replace(/:.*$/, '');
}

/** The last part of an ARN, which is the name of what it names. */
function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
