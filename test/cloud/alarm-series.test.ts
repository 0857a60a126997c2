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
import { backgroundUntil, type Reports, type Scenario, scenarios } from './alarm-scenarios.ts';
import { type Json, resourcesOfType, synthesize } from './synthesized.ts';

/** For how many minutes after the beginning of the trouble the alarms are watched. */
const watchedMinutes = 240;
const background = backgroundUntil(watchedMinutes);

interface NamedAlarm {
  readonly logicalId: string;
  readonly name: string;
  readonly alarm: AlarmEvaluator;
}

let alarms: readonly NamedAlarm[];
let composites: readonly { readonly name: string; readonly rule: Json }[];
let allIsWell: Samples;
let outputs: Readonly<Record<string, { readonly Value: { readonly Ref?: string } }>>;
beforeAll(() => {
  // Two environments: the trouble of one must not fire the alarms of the other.
  const template = synthesize({ environments: 'sandbox,production' });
  outputs = template.findOutputs('*') as typeof outputs;
  alarms = resourcesOfType(template, 'AWS::CloudWatch::Alarm').map(([logicalId, { Properties }]) => ({
    logicalId,
    name: String(Properties.AlarmName),
    alarm: alarmEvaluator(Properties as unknown as TemplateAlarm),
  }));
  composites = resourcesOfType(template, 'AWS::CloudWatch::CompositeAlarm').map(([, { Properties }]) => ({
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
  inHand: ['AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', 'QueueName'],
  Errors: ['AWS/Lambda', 'Errors', 'FunctionName'],
  Throttles: ['AWS/Lambda', 'Throttles', 'FunctionName'],
};

/** The metric that a scenario means, as the alarms of an environment must name it. */
function keyOf(metric: string, environment: string, prefix: string): string {
  const [output, measure] = metric.split(' ');
  if (measure === undefined) return `ProcoreConnector ${metric} environment=${environment}`;
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

/** Every change of state since the trouble began, as `minute name state`; all alarms begin at OK. */
function changesOf(reports: Reports): string[] {
  const samples = samplesOf(reports);
  const states = new Map<string, AlarmState>();
  const changes: string[] = [];
  const enter = (minute: number, key: string, name: string, state: AlarmState) => {
    if ((states.get(key) ?? 'OK') !== state) changes.push(`${minute} ${name} ${state}`);
    states.set(key, state);
  };
  for (let minute = 0; minute <= watchedMinutes; minute += 5) {
    for (const { logicalId, name, alarm } of alarms) {
      if (minute % alarm.periodMinutes === 0) enter(minute, logicalId, name, alarm.stateAt(samples, minute));
    }
    for (const { name, rule } of composites) {
      enter(
        minute,
        name,
        name,
        compositeStateOf(rule, (logicalId) => states.get(logicalId) ?? 'OK'),
      );
    }
  }
  return changes;
}

const cases = <Key extends 'fires' | 'stays'>(key: Key) =>
  Object.entries(scenarios).flatMap(([id, scenario]) =>
    scenario[key].map((reports) => [id, Object.keys(reports).join(', '), scenario, reports] as const),
  );

function firesAndEnds(id: string, { after, ends, pages }: Scenario): string[] {
  const names = [id, ...(pages ? ['page'] : [])].map((name) => `ProcoreConnector/sandbox/${name}`);
  return [
    ...names.map((name) => `${after} ${name} ALARM`), //
    ...names.map((name) => `${ends} ${name} OK`),
  ];
}

describe('the alarms of the template', () => {
  test('have a scenario each', () => {
    const named = (environment: string) => Object.keys(scenarios).map((id) => `ProcoreConnector/${environment}/${id}`);
    expect(alarms.map(({ name }) => name).sort()).toEqual([...named('sandbox'), ...named('production')].sort());
    expect(composites.map(({ name }) => name)).toEqual([
      'ProcoreConnector/sandbox/page',
      'ProcoreConnector/production/page',
    ]);
  });

  test('are all quiet while all is well', () => {
    expect(changesOf({})).toEqual([]);
  });

  test.each(cases('fires'))('%s fires for %s in time, ends, and no other alarm fires', (id, _, scenario, reports) => {
    expect(changesOf(reports)).toEqual(firesAndEnds(id, scenario));
  });

  test.each(cases('stays'))('%s and all others stay quiet for %s', (_id, _metrics, _scenario, reports) => {
    expect(changesOf(reports)).toEqual([]);
  });
});
