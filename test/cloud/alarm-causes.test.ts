import { beforeAll, describe, expect, test } from 'vitest';
import { alarmRows } from '../../lib/cloud/alarms.ts';
import { type AlarmCause, alarmCauses } from './alarm-causes.ts';
import { metricKey, metricsOf, type Sample } from './alarm-evaluation.ts';
import { type AlarmHistory, alarmHistory } from './alarm-history.ts';
import { resourcesOfType, synthesize } from './synthesized.ts';

/** How long a cause lasts, and how long the alarms are watched: the slowest waits for two hours and ends as slowly. */
const lastingMinutes = 180;
const watchedMinutes = 480;

const template = synthesize({ environments: 'sandbox', monitoring: 'full', alarmEmail: 'ops@example.com' });
let history: AlarmHistory;
beforeAll(() => {
  history = alarmHistory(template, watchedMinutes);
});

const all = Object.entries(alarmCauses).flatMap(([id, causes]) =>
  causes.map((each) => [id, each.cause, each.metric, each] as const),
);

/** What a cause tells CloudWatch while it lasts. */
function samplesOf({ value = 1, everyMinutes = 5 }: AlarmCause): Sample[] {
  if (value === 'none') return [];
  const times = Math.ceil(lastingMinutes / everyMinutes);
  return Array.from({ length: times }, (_, index) => ({ minute: index * everyMinutes, value }));
}

describe('the causes of alarms', () => {
  test('are told for every alarm', () => {
    expect(Object.keys(alarmCauses).sort()).toEqual(alarmRows.map(({ id }) => id).sort());
  });

  test('are told for everything that an alarm watches', () => {
    for (const { id } of alarmRows) {
      const parts = history.alarms.filter(({ name }) => `${name}/`.startsWith(`ProcoreConnector/sandbox/${id}/`));
      const watched = parts.flatMap(({ properties }) => metricsOf(properties).map(metricKey));
      const told = (alarmCauses[id] ?? []).map(({ metric }) => history.keyOf(metric));
      expect([...new Set(told)].sort(), id).toEqual([...new Set(watched)].sort());
    }
  });

  test.each(all)('%s fires for "%s" (%s), and is over when that is', (id, _cause, metric, cause) => {
    const reports = { [metric]: { samples: samplesOf(cause), until: lastingMinutes } };
    const changes = history.changesOf(history.samplesOf(reports)).map((change) => change.split(' '));
    const states = changes.filter(([, name]) => name === `ProcoreConnector/sandbox/${id}`).map(([, , state]) => state);
    expect(states[0]).toBe('ALARM');
    expect(states.at(-1)).toBe('OK');
  });

  test('reach the topic, and by it the address in cdk.json', () => {
    const [[topic] = []] = resourcesOfType(template, 'AWS::SNS::Topic');
    const reached = [
      ...resourcesOfType(template, 'AWS::CloudWatch::Alarm'),
      ...resourcesOfType(template, 'AWS::CloudWatch::CompositeAlarm'),
    ].filter(([, { Properties }]) => JSON.stringify(Properties.AlarmActions) === JSON.stringify([{ Ref: topic }]));
    expect(reached.map(([, { Properties }]) => String(Properties.AlarmName).split('/')[2]).sort()).toEqual(
      Object.keys(alarmCauses).sort(),
    );
    const [[, subscription] = []] = resourcesOfType(template, 'AWS::SNS::Subscription');
    expect(subscription?.Properties).toMatchObject({ TopicArn: { Ref: topic }, Endpoint: 'ops@example.com' });
  });
});
