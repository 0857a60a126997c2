import type { Template } from 'aws-cdk-lib/assertions';
import {
  type AlarmState,
  alarmEvaluator,
  byMinute,
  compositeStateOf,
  type Samples,
  type TemplateAlarm,
} from './alarm-evaluation.ts';
import { backgroundUntil, type Reports } from './alarm-scenarios.ts';
import { functionIdBehind, resourcesOfType } from './synthesized.ts';

const measures: Readonly<Record<string, readonly [namespace: string, metric: string, dimension: string]>> = {
  age: ['AWS/SQS', 'ApproximateAgeOfOldestMessage', 'QueueName'],
  length: ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName'],
  inHand: ['AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', 'QueueName'],
  Errors: ['AWS/Lambda', 'Errors', 'FunctionName'],
  Throttles: ['AWS/Lambda', 'Throttles', 'FunctionName'],
  Invocations: ['AWS/Lambda', 'Invocations', 'FunctionName'],
};

/** All alarms of a template, as CloudWatch would evaluate them minute by minute. */
export type AlarmHistory = ReturnType<typeof alarmHistory>;

/**
 * Reads the alarms of a template of the stack `ProcoreConnector`, with the environment `sandbox` in it.
 *
 * @param watchedMinutes for how long after the beginning of the trouble the alarms are watched
 */
export function alarmHistory(template: Template, watchedMinutes: number) {
  const background = backgroundUntil(watchedMinutes);
  const outputs = template.findOutputs('*') as Readonly<Record<string, { readonly Value: { readonly Ref?: string } }>>;
  const alarms = resourcesOfType(template, 'AWS::CloudWatch::Alarm').map(([logicalId, { Properties }]) => ({
    logicalId,
    name: String(Properties.AlarmName),
    properties: Properties as unknown as TemplateAlarm,
    alarm: alarmEvaluator(Properties as unknown as TemplateAlarm),
    /** Whether somebody hears of it; a part of a composite alarm says nothing of its own. */
    acts: Properties.AlarmActions !== undefined,
  }));
  const apis = resourcesOfType(template, 'AWS::ApiGatewayV2::Api').map(([logicalId]) => logicalId);
  const composites = resourcesOfType(template, 'AWS::CloudWatch::CompositeAlarm').map(
    ([logicalId, { Properties }]) => ({
      logicalId,
      name: String(Properties.AlarmName),
      rule: Properties.AlarmRule ?? '',
    }),
  );

  /** The metric that a scenario means, as the alarms of an environment must name it. */
  function keyOf(metric: string, environment = 'sandbox', prefix = 'Sandbox'): string {
    const [output, measure] = metric.split(' ');
    if (measure === undefined) return `ProcoreConnector ${metric} environment=${environment} stack=ProcoreConnector`;
    if (output === 'HttpApi') return `AWS/ApiGateway ${measure} ApiId=${apis.find((id) => id.startsWith(prefix))}`;
    const [namespace, name, dimension] = measures[measure] ?? [];
    // Lambda counts under a function's name whatever alias it was called by.
    const id = functionIdBehind(template, String(outputs[`${prefix}${output}`]?.Value.Ref));
    return `${namespace} ${name} ${dimension}=${id}`;
  }

  const allIsWell: Samples = new Map(
    [...background].flatMap(([name, samples]) => {
      const reported = byMinute(samples);
      return [
        [keyOf(name), reported],
        [keyOf(name, 'production', 'Production'), reported],
      ] as const;
    }),
  );

  /** What CloudWatch is told: in the sandbox what a scenario says, and otherwise that all is well. */
  function samplesOf(reports: Reports): Samples {
    const samples = new Map(allIsWell);
    for (const [name, { samples: reported, until }] of Object.entries(reports)) {
      const well = (background.get(name) ?? []).filter(({ minute }) => minute < 0 || minute >= until);
      samples.set(keyOf(name), byMinute([...well, ...reported]));
    }
    return samples;
  }

  /**
   * Every change of state since the trouble began, as `minute name state`, of alarms that somebody hears of.
   *
   * @param options.step minutes between two evaluations. With 1 all alarms are evaluated every minute, in an order that
   *   nobody promises: the other way round if `reversed`, and composite alarms after each of them. @default 5
   * @param options.first the state in which all alarms begin. @default OK
   */
  function changesOf(samples: Samples, { step = 5, first = 'OK' as AlarmState, reversed = false } = {}): string[] {
    const states = new Map<string, AlarmState>();
    const changes: string[] = [];
    const stateOf = (logicalId: string) => states.get(logicalId) ?? first;
    const enter = (minute: number, logicalId: string, name: string, state: AlarmState, acts: boolean) => {
      // CloudWatch acts on the state after the creation, too, but nobody takes an OK then for news.
      const isNews = stateOf(logicalId) !== state && !(stateOf(logicalId) === 'INSUFFICIENT_DATA' && state === 'OK');
      if (isNews && acts) changes.push(`${minute} ${name} ${state}`);
      states.set(logicalId, state);
    };
    const compose = (minute: number) => {
      for (const { logicalId, name, rule } of composites) {
        enter(minute, logicalId, name, compositeStateOf(rule, stateOf), true);
      }
    };
    const ordered = reversed ? alarms.toReversed() : alarms;
    for (let minute = 0; minute <= watchedMinutes; minute += step) {
      for (const { logicalId, name, alarm, acts } of ordered) {
        if (step === 5 && minute % alarm.periodMinutes !== 0) continue;
        const before = stateOf(logicalId);
        enter(minute, logicalId, name, alarm.stateAt(samples, minute, before), acts);
        if (step === 1 && stateOf(logicalId) !== before) compose(minute);
      }
      compose(minute);
    }
    return changes;
  }

  return { alarms, composites, keyOf, samplesOf, changesOf };
}
