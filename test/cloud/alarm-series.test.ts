import { beforeAll, describe, expect, test } from 'vitest';
import {
  type AlarmEvaluator,
  type AlarmState,
  alarmEvaluator,
  byMinute,
  compositeStateOf,
  type Samples,
  type TemplateAlarm,
} from './alarm-evaluation.ts';
import { backgroundUntil, type Reports, type Scenario, scenarios, silent } from './alarm-scenarios.ts';
import { type Json, resourcesOfType, synthesize } from './synthesized.ts';

/** For how many minutes after the beginning of the trouble the alarms are watched. */
const watchedMinutes = 240;
const background = backgroundUntil(watchedMinutes);

interface NamedAlarm {
  readonly logicalId: string;
  readonly name: string;
  readonly alarm: AlarmEvaluator;
  /** Whether somebody hears of it; a part of a composite alarm says nothing of its own. */
  readonly acts: boolean;
}

let alarms: readonly NamedAlarm[];
let composites: readonly { readonly logicalId: string; readonly name: string; readonly rule: Json }[];
let apis: readonly string[];
let allIsWell: Samples;
let outputs: Readonly<Record<string, { readonly Value: { readonly Ref?: string } }>>;
beforeAll(() => {
  // Two environments: the trouble of one must not fire the alarms of the other.
  const template = synthesize({ environments: 'sandbox,production', monitoring: 'full' });
  outputs = template.findOutputs('*') as typeof outputs;
  alarms = resourcesOfType(template, 'AWS::CloudWatch::Alarm').map(([logicalId, { Properties }]) => ({
    logicalId,
    name: String(Properties.AlarmName),
    alarm: alarmEvaluator(Properties as unknown as TemplateAlarm),
    acts: Properties.AlarmActions !== undefined,
  }));
  apis = resourcesOfType(template, 'AWS::ApiGatewayV2::Api').map(([logicalId]) => logicalId);
  composites = resourcesOfType(template, 'AWS::CloudWatch::CompositeAlarm').map(([logicalId, { Properties }]) => ({
    logicalId,
    name: String(Properties.AlarmName),
    rule: Properties.AlarmRule ?? '',
  }));
  allIsWell = new Map(
    [...background].flatMap(([name, samples]) => {
      const reported = byMinute(samples);
      return [
        [keyOf(name, 'sandbox', 'Sandbox'), reported],
        [keyOf(name, 'production', 'Production'), reported],
      ] as const;
    }),
  );
});

const measures: Readonly<Record<string, readonly [namespace: string, metric: string, dimension: string]>> = {
  age: ['AWS/SQS', 'ApproximateAgeOfOldestMessage', 'QueueName'],
  length: ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName'],
  Errors: ['AWS/Lambda', 'Errors', 'FunctionName'],
  Throttles: ['AWS/Lambda', 'Throttles', 'FunctionName'],
  Invocations: ['AWS/Lambda', 'Invocations', 'FunctionName'],
};

/** The metric that a scenario means, as the alarms of an environment must name it. */
function keyOf(metric: string, environment: string, prefix: string): string {
  const [output, measure] = metric.split(' ');
  if (measure === undefined) return `ProcoreConnector ${metric} environment=${environment} stack=ProcoreConnector`;
  if (output === 'HttpApi') return `AWS/ApiGateway ${measure} ApiId=${apis.find((id) => id.startsWith(prefix))}`;
  const [namespace, name, dimension] = measures[measure] ?? [];
  return `${namespace} ${name} ${dimension}=${outputs[`${prefix}${output}`]?.Value.Ref}`;
}

/** What CloudWatch is told: in the sandbox what a scenario says, and otherwise that all is well. */
function samplesOf(reports: Reports): Samples {
  const samples = new Map(allIsWell);
  for (const [name, { samples: reported, until }] of Object.entries(reports)) {
    const well = (background.get(name) ?? []).filter(({ minute }) => minute < 0 || minute >= until);
    samples.set(keyOf(name, 'sandbox', 'Sandbox'), byMinute([...well, ...reported]));
  }
  return samples;
}

/**
 * Every change of state since the trouble began, as `minute name state`, of alarms that somebody hears of.
 *
 * @param first the state in which all alarms begin. @default OK, but for one that has to have seen its data
 */
function changesOf(samples: Samples, { step = 5, first = 'OK' as AlarmState } = {}): string[] {
  const states = new Map<string, AlarmState>();
  const changes: string[] = [];
  const stateOf = (logicalId: string) => states.get(logicalId) ?? first;
  const enter = (minute: number, logicalId: string, name: string, state: AlarmState, acts: boolean) => {
    // CloudWatch acts on the state after the creation, too, but nobody takes an OK then for news.
    const isNews = stateOf(logicalId) !== state && !(stateOf(logicalId) === 'INSUFFICIENT_DATA' && state === 'OK');
    if (isNews && acts) changes.push(`${minute} ${name} ${state}`);
    states.set(logicalId, state);
  };
  for (let minute = 0; minute <= watchedMinutes; minute += step) {
    for (const { logicalId, name, alarm, acts } of alarms) {
      if (step === 5 && minute % alarm.periodMinutes !== 0) continue;
      enter(minute, logicalId, name, alarm.stateAt(samples, minute, stateOf(logicalId)), acts);
    }
    for (const { logicalId, name, rule } of composites) {
      enter(minute, logicalId, name, compositeStateOf(rule, stateOf), true);
    }
  }
  return changes;
}

const cases = <Key extends 'fires' | 'stays'>(key: Key) =>
  Object.entries(scenarios).flatMap(([id, scenario]) =>
    scenario[key].map((reports) => [id, Object.keys(reports).join(', '), scenario, reports] as const),
  );

function firesAndEnds(id: string, { after, ends, pages }: Pick<Scenario, 'after' | 'ends' | 'pages'>): string[] {
  const names = [id, ...(pages ? ['page'] : [])].map((name) => `ProcoreConnector/sandbox/${name}`);
  return [
    ...names.map((name) => `${after} ${name} ALARM`), //
    ...names.map((name) => `${ends} ${name} OK`),
  ];
}

describe('the alarms of the template', () => {
  test('have a scenario each', () => {
    const named = (environment: string) => Object.keys(scenarios).map((id) => `ProcoreConnector/${environment}/${id}`);
    const acting = alarms.filter(({ acts }) => acts).map(({ name }) => name);
    const others = composites.map(({ name }) => name).filter((name) => !name.endsWith('/page'));
    expect([...acting, ...others].sort()).toEqual([...named('sandbox'), ...named('production')].sort());
    expect(composites.filter(({ name }) => name.endsWith('/page')).map(({ name }) => name)).toEqual([
      'ProcoreConnector/sandbox/page',
      'ProcoreConnector/production/page',
    ]);
  });

  test('miss the sweep for as long as it is silent', () => {
    const changes = changesOf(samplesOf({ 'FunctionRotationSweep Invocations': silent(180) }));
    expect(changes).toEqual(firesAndEnds('rotation-sweep-silent', { after: 15, ends: 185, pages: true }));
  });

  test.each([
    ['whose sweep begins after two minutes', 2],
    ['whose sweep never begins', Number.POSITIVE_INFINITY],
  ])('say nothing of a first deployment %s', (_, from) => {
    // Minute by minute: a heartbeat that is armed too early would fire for a minute.
    const beats = byMinute(
      Array.from({ length: watchedMinutes }, (_, minute) => ({ minute, value: 1 })).filter(
        ({ minute }) => minute >= from,
      ),
    );
    const samples = new Map([
      [keyOf('FunctionRotationSweep Invocations', 'sandbox', 'Sandbox'), beats],
      [keyOf('FunctionRotationSweep Invocations', 'production', 'Production'), beats],
    ]);
    expect(changesOf(samples, { step: 1, first: 'INSUFFICIENT_DATA' })).toEqual([]);
  });

  test('are all quiet while all is well', () => {
    expect(changesOf(samplesOf({}))).toEqual([]);
  });

  test.each(cases('fires'))('%s fires for %s in time, ends, and no other alarm fires', (id, _, scenario, reports) => {
    expect(changesOf(samplesOf(reports))).toEqual(firesAndEnds(id, scenario));
  });

  test.each(cases('stays'))('%s and all others stay quiet for %s', (_id, _metrics, _scenario, reports) => {
    expect(changesOf(samplesOf(reports))).toEqual([]);
  });
});
