import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { readCdkContext } from '../cdk-json.ts';
import { type HandlerName, handlerNames } from '../handler-names.ts';
import { outputName, pascalCase } from '../stack-outputs.ts';
import { asOneStack, chooseStage, readStages } from '../stages.ts';
import type { StandingCharges } from '../standing-charges.ts';
import type { Bundles } from './bundle/bundle.ts';
import { readConfiguration } from './configuration.ts';
import { ConnectorStack } from './connector-stack.ts';

/** What is read of a template; CDK makes it, so its shape is not in question. */
export interface CountedTemplate {
  readonly Resources: Readonly<Record<string, CountedResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

interface CountedResource {
  readonly Type: string;
  readonly Properties?: unknown;
}

/**
 * Synthesizes one environment as cdk.json's settings make it, as a stack of its own, and counts what costs.
 *
 * @param environment default is production, or the first one of the stage; one that the stage does not have has the
 *   default settings
 * @param stage of cdk.json; without it the only one
 * @param cdkContext of another cdk.json than this repository's
 * @throws ConfigurationError when cdk.json is wrong, or has several stages and none is named
 */
export function standingCharges(
  environment?: ProcoreEnvironmentName,
  stage?: string,
  cdkContext: Readonly<Record<string, unknown>> = readCdkContext(),
): StandingCharges {
  const chosen = chooseStage(readStages(cdkContext.procore), stage);
  const names = chosen.stacks.flatMap(({ environments }) => environments.map(({ name }) => name));
  const counted = environment ?? names.find((name) => name === 'production') ?? names[0] ?? 'production';
  const context = { ...cdkContext, procore: asOneStack(chosen, { environments: [counted] }) };
  const directory = mkdtempSync(join(tmpdir(), 'procore-cost-'));
  try {
    // What functions do does not matter to a template.
    const bundle = join(directory, 'bundle');
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'index.mjs'), 'export const handler = () => {};\n');
    const bundles = Object.fromEntries(handlerNames.map((name) => [name, bundle])) as Bundles;
    const app = new App({
      context,
      outdir: join(directory, 'out'),
      analyticsReporting: false,
      builtinCloudFormationValidation: false,
    });
    for (const configuration of readConfiguration((key) => app.node.tryGetContext(key))) {
      new ConnectorStack(app, { configuration, bundles });
    }
    const [template] = app.synth().stacks.map((stack) => stack.template);
    return countCharges(counted, template);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Counts what costs in the template of one environment. */
export function countCharges(environment: ProcoreEnvironmentName, template: CountedTemplate): StandingCharges {
  const ofType = (type: string) => Object.values(template.Resources).filter(({ Type }) => Type === type);
  const properties = (type: string) => ofType(type).map((resource) => (resource.Properties ?? {}) as Properties);
  const functions = functionsOf(environment, template);
  const queues = properties('AWS::Lambda::EventSourceMapping').map(
    ({ EventSourceArn: arn }) => template.Resources[logicalIdIn(arn)]?.Properties as Properties,
  );
  const fifo = queues.filter((queue) => queue?.FifoQueue === true).length;
  const tables = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table');
  const ledgerId = logicalIdIn(template.Outputs[outputName(environment, 'TableDeliveries')]?.Value);
  const ledger = Object.fromEntries(tables)[ledgerId]?.Properties as Properties | undefined;
  return {
    environment,
    keys: ofType('AWS::KMS::Key').length,
    secrets: ofType('AWS::SecretsManager::Secret').length,
    alarmMetrics: properties('AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsOf(alarm), 0),
    compositeAlarms: ofType('AWS::CloudWatch::CompositeAlarm').length,
    dashboards: ofType('AWS::CloudWatch::Dashboard').length,
    polledQueues: { fifo, standard: queues.length - fifo },
    runsPerDay: Object.fromEntries(
      properties('AWS::Events::Rule').map(({ ScheduleExpression: expression, Targets: targets }) => [
        functions.get(logicalIdIn((targets as readonly Properties[])[0]?.Arn))?.name,
        runsPerDay(String(expression)),
      ]),
    ),
    memoryGb: Object.fromEntries(
      [...functions.values()].map(({ name, properties: { MemorySize: memory } }) => [name, Number(memory) / 1024]),
    ),
    traced: [...functions.values()].some(({ properties: { TracingConfig: tracing } }) => tracing !== undefined),
    systemLines: [...functions.values()].some(
      ({ properties: { LoggingConfig: logging } }) => (logging as Properties | undefined)?.SystemLogLevel !== 'WARN',
    ),
    ledgerBackup:
      (ledger?.PointInTimeRecoverySpecification as Properties | undefined)?.PointInTimeRecoveryEnabled === true,
    logDays: Math.max(...properties('AWS::Logs::LogGroup').map(({ RetentionInDays: days }) => Number(days ?? 3650))),
  };
}

type Properties = Readonly<Record<string, unknown>>;

/** The functions of the template by logical id. */
function functionsOf(environment: ProcoreEnvironmentName, template: CountedTemplate) {
  return new Map(
    handlerNames.flatMap((name): [string, { readonly name: HandlerName; readonly properties: Properties }][] => {
      const id = functionIdIn(
        template.Outputs[outputName(environment, `Function${pascalCase(name)}`)]?.Value,
        template,
      );
      const found = template.Resources[id];
      return found === undefined ? [] : [[id, { name, properties: (found.Properties ?? {}) as Properties }]];
    }),
  );
}

/** The logical id of the function that a value refers to: by itself, or by its alias. */
function functionIdIn(value: unknown, { Resources: resources }: CountedTemplate): string {
  const id = logicalIdIn(value);
  const { Type, Properties } = resources[id] ?? {};
  return Type === 'AWS::Lambda::Alias' ? logicalIdIn(Object(Properties).FunctionName) : id;
}

/** The logical id that a value refers to. @returns an empty text when it refers to nothing */
function logicalIdIn(value: unknown): string {
  const { Ref: reference, 'Fn::GetAtt': attribute } = Object(value) as Properties;
  return String(reference ?? (attribute as readonly unknown[] | undefined)?.[0] ?? '');
}

/** CloudWatch charges for each metric that an alarm watches. */
function metricsOf({ Metrics: queries }: Properties): number {
  return queries === undefined
    ? 1
    : (queries as readonly Properties[]).filter(({ MetricStat: metric }) => metric !== undefined).length;
}

/** @throws RangeError for a schedule that is no rate */
function runsPerDay(expression: string): number {
  const [, amount, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const perDay = { minute: 1440, hour: 24, day: 1 }[unit];
  if (perDay === undefined) throw new RangeError(`${expression} is no rate of minutes, hours or days`);
  return perDay / Number(amount);
}
