import { describe, expect, test } from 'vitest';
import {
  alarmEvaluator,
  byMinute,
  compositeStateOf,
  metricKey,
  type Sample,
  type TemplateAlarm,
} from './alarm-evaluation.ts';

const metric = { Namespace: 'Tests', MetricName: 'bad', Dimensions: [{ Name: 'environment', Value: 'sandbox' }] };
const alarm: TemplateAlarm = {
  ...metric,
  Period: 300,
  Statistic: 'Sum',
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  Threshold: 1,
  EvaluationPeriods: 3,
  TreatMissingData: 'notBreaching',
};

/** Samples for `0` (not breaching), `X` (breaching) and `-` (missing), one a period of five minutes. */
function drawn(points: string) {
  const values = points.split(' ').map((point) => ({ 0: [0], X: [1] })[point] ?? []);
  return new Map([
    [
      metricKey(metric),
      byMinute(values.flatMap((each, index): Sample[] => each.map((value) => ({ minute: index * 5, value })))),
    ],
  ]);
}

const stateOf = (points: string, more: Partial<TemplateAlarm> = {}) =>
  alarmEvaluator({ ...alarm, ...more }).stateAt(drawn(points), points.split(' ').length * 5);

// The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
describe('the evaluator gives the states of CloudWatch’s own examples', () => {
  test.each([
    ['0 - X - X', 'OK', 'OK'],
    ['0 - - - -', 'OK', 'OK'],
    ['- - - - -', 'ALARM', 'OK'],
    ['0 X X - X', 'ALARM', 'ALARM'],
    ['- - - - X', 'ALARM', 'OK'],
    ['X - - - -', 'ALARM', 'OK'],
  ])('%s: %s when missing data is breaching, else %s, for 3 of 3', (points, breaching, notBreaching) => {
    expect(stateOf(points, { TreatMissingData: 'breaching' })).toBe(breaching);
    expect(stateOf(points, { TreatMissingData: 'notBreaching' })).toBe(notBreaching);
  });

  test.each([
    ['0 - X - X', 'ALARM', 'ALARM'],
    ['0 0 X 0 X', 'ALARM', 'ALARM'],
    ['0 - X - -', 'ALARM', 'OK'],
    ['- - - - 0', 'ALARM', 'OK'],
    ['- - - - X', 'ALARM', 'OK'],
  ])('%s: %s when missing data is breaching, else %s, for 2 of 3', (points, breaching, notBreaching) => {
    expect(stateOf(points, { DatapointsToAlarm: 2, TreatMissingData: 'breaching' })).toBe(breaching);
    expect(stateOf(points, { DatapointsToAlarm: 2, TreatMissingData: 'notBreaching' })).toBe(notBreaching);
  });
});

describe('an alarm that ignores missing data', () => {
  test.each([
    ['- - - - -', 'kept'],
    ['- - - - X', 'kept'],
    ['X - - - -', 'kept'],
    ['0 - - - -', 'OK'],
    ['0 X X - X', 'ALARM'],
  ] as const)('%s: %s for 3 of 3', (points, expected) => {
    for (const before of ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const) {
      const { stateAt } = alarmEvaluator({ ...alarm, TreatMissingData: 'ignore' });
      expect(stateAt(drawn(points), 25, before)).toBe(expected === 'kept' ? before : expected);
    }
  });
});

describe('the evaluator', () => {
  const single = (Statistic: string, values: readonly number[], more: Partial<TemplateAlarm> = {}) => {
    const samples = new Map([[metricKey(metric), new Map([[0, values]])]]);
    return alarmEvaluator({ ...alarm, Statistic, EvaluationPeriods: 1, ...more }).stateAt(samples, 5);
  };

  test('knows the statistics that our alarms have', () => {
    expect(single('Sum', [2, 3], { Threshold: 5 })).toBe('ALARM');
    expect(single('SampleCount', [0, 0, 0], { Threshold: 3 })).toBe('ALARM');
    expect(single('Maximum', [9, 1], { Threshold: 9 })).toBe('ALARM');
    expect(single('Minimum', [9, 1], { Threshold: 9 })).toBe('OK');
    expect(single('p99', [...Array(198).fill(1), 9, 9], { Threshold: 9 })).toBe('OK');
    expect(single('p99', [...Array(197).fill(1), 9, 9, 9], { Threshold: 9 })).toBe('ALARM');
  });

  test('tells the comparisons apart at the threshold', () => {
    const at = (ComparisonOperator: string) => single('Sum', [1], { ComparisonOperator });
    expect(at('GreaterThanOrEqualToThreshold')).toBe('ALARM');
    expect(at('GreaterThanThreshold')).toBe('OK');
    expect(at('LessThanOrEqualToThreshold')).toBe('ALARM');
    expect(at('LessThanThreshold')).toBe('OK');
  });

  test('adds up metrics, those without data filled', () => {
    const query = (Id: string, MetricName: string) => ({
      Id,
      MetricStat: { Metric: { ...metric, MetricName }, Period: 300, Stat: 'Sum' },
      ReturnData: false,
    });
    const sum = (Expression: string) => {
      const Metrics = [{ Id: 'e', Expression }, query('m0', 'bad'), query('m1', 'worse')];
      return alarmEvaluator({ ...alarm, Metrics, EvaluationPeriods: 1 }).stateAt(drawn('X'), 5);
    };
    expect(sum('FILL(m0, 0) + FILL(m1, 0)')).toBe('ALARM');
    expect(sum('FILL(m1, 0)')).toBe('OK');
    expect(sum('m0 + m1')).toBe('ALARM');
    expect(sum('MAX([FILL(m0, 0), FILL(m1, 0)])')).toBe('ALARM');
    expect(sum('MAX([FILL(m1, 0)])')).toBe('OK');
    expect(sum('IF(m0 >= 1, m0)')).toBe('ALARM');
    expect(sum('IF(m0 >= 2, m0)')).toBe('OK');
    expect(() => sum('MAX(m0)')).toThrow('metric math that this evaluator does not know');
  });

  test('reads a composite alarm’s rule', () => {
    const rule = { 'Fn::Join': ['', ['(ALARM("', { 'Fn::GetAtt': ['One', 'Arn'] }, '") OR ALARM("Other"))']] };
    expect(compositeStateOf(rule, () => 'OK')).toBe('OK');
    expect(compositeStateOf(rule, (id) => (id === 'Other' ? 'ALARM' : 'OK'))).toBe('ALARM');
    const both = '(ALARM("One") AND OK("Other"))';
    expect(compositeStateOf(both, (id) => (id === 'One' ? 'ALARM' : 'OK'))).toBe('ALARM');
    expect(compositeStateOf(both, (id) => (id === 'One' ? 'ALARM' : 'INSUFFICIENT_DATA'))).toBe('OK');
    expect(() => compositeStateOf('NOT ALARM("One")', () => 'OK')).toThrow('a rule that this evaluator does not know');
  });
});
