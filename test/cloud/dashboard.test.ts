import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { isToldByAws, metricNames } from '../../functions/observer.ts';
import { isList, type Json, resourcesOfType, synthesize } from './synthesized.ts';

interface Widget {
  readonly width: number;
  readonly y: number;
  readonly properties: {
    readonly title: string;
    readonly metrics: readonly (readonly [...string[], { readonly stat?: string; readonly label?: string }])[];
    readonly yAxis: unknown;
  };
}

let template: Template;
let name: Json | undefined;
let body: { readonly periodOverride: string; readonly widgets: readonly Widget[] };
let queues: ReadonlyMap<string, string>;
beforeAll(() => {
  template = synthesize({ environments: 'sandbox', monitoring: 'full' });
  const [properties] = resourcesOfType(template, 'AWS::CloudWatch::Dashboard').map(([, { Properties }]) => Properties);
  name = properties?.DashboardName;
  body = JSON.parse(joined(properties?.DashboardBody ?? ''));
  queues = new Map(
    Object.entries(template.findOutputs('*')).flatMap(([output, { Value: value }]) =>
      output.startsWith('SandboxQueue') ? [[value?.Ref, output.slice('SandboxQueue'.length)] as const] : [],
    ),
  );
});

/** The text of an Fn::Join, with each reference replaced by the logical id that it names. */
function joined(value: Json): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (isList(value)) return value.map(joined).join('');
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: reference } = value;
  if (isList(join)) return joined(join[1] ?? '');
  return String(isList(attribute) ? attribute[0] : reference);
}

/** What a graph shows: `statistic metric` for ours, `statistic measure queue` for a queue's. */
function shownBy({ properties }: Widget): string[] {
  return properties.metrics.map((metric) => {
    const [namespace, metricName, dimension, value, ...more] = metric as unknown as string[];
    const { stat = 'Average' } = metric.at(-1) as { readonly stat?: string };
    if (namespace === 'AWS/SQS') return `${stat} ${metricName} ${dimension} ${queues.get(value ?? '')}`;
    return `${stat} ${metricName} ${namespace} ${dimension} ${value} ${more.slice(0, 2).join(' ')}`;
  });
}

const ours = (statistic: string, metric: string) =>
  `${statistic} ${metric} ProcoreConnector environment sandbox stack ProcoreConnector`;

describe('the dashboard of an environment', () => {
  test('is named after stack and environment, and zooms with the time that a person chooses', () => {
    expect(name).toBe('ProcoreConnector-sandbox');
    expect(body.periodOverride).toBe('auto');
  });

  test('has graphs in full rows, each with a title of its own, and each from zero up', () => {
    for (const row of Map.groupBy(body.widgets, ({ y }) => y).values()) {
      expect(row.reduce((width, widget) => width + widget.width, 0)).toBe(24);
      expect(row).toHaveLength(2);
    }
    const titles = body.widgets.map(({ properties }) => properties.title);
    expect(titles).toHaveLength(14);
    expect(new Set(titles).size).toBe(14);
    expect(Math.min(...titles.map((title) => title.length))).toBeGreaterThan(10);
    for (const { properties } of body.widgets) expect(properties.yAxis).toEqual({ left: { min: 0 } });
  });

  test('sums every metric that functions count, but for those that are no counts', () => {
    const percents = ['rateBudgetLongLeftPercent', 'rateBudgetShortLeftPercent'];
    const shown = body.widgets.flatMap(shownBy);
    const highest = ['escrowAgeSeconds', 'auditOldestLookHours'];
    const others = [...percents, ...highest];
    const emitted = metricNames.filter((metric) => !isToldByAws(metric));
    const counts = [...emitted.filter((metric) => !others.includes(metric)), 'webhookUnanswered'];
    for (const metric of counts) expect(shown, metric).toContain(ours('Sum', metric));
    for (const metric of percents) expect(shown, metric).toContain(ours('Minimum', metric));
    for (const metric of highest) expect(shown, metric).toContain(ours('Maximum', metric));
    expect(shown.filter((each) => each.includes('webhookAnswerMs'))).toEqual([
      ours('p50', 'webhookAnswerMs'),
      ours('p99', 'webhookAnswerMs'),
    ]);
    expect(new Set(shown).size).toBe(shown.length);
  });

  test('shows how long messages wait, and how many wait for a person', () => {
    const [ages, lengths] = ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'].map((measure) =>
      body.widgets.flatMap(shownBy).filter((each) => each.includes(measure)),
    );
    const of = (measure: string) => (queue: string) => `Maximum ${measure} QueueName ${queue}`;
    expect(ages).toEqual(['Events'].map(of('ApproximateAgeOfOldestMessage')));
    expect(lengths).toEqual(
      ['CompanyWork', 'EventsDeadLetter', 'RotationDeadLetter', 'Quarantine', 'Escrow'].map(
        of('ApproximateNumberOfMessagesVisible'),
      ),
    );
  });

  test('shows by SQS’s own counts how many events came and went, which no metric of ours says', () => {
    const moved = body.widgets.flatMap(shownBy).filter((each) => each.includes('NumberOfMessages'));
    expect(moved.filter((each) => !each.includes('Approximate'))).toEqual([
      'Sum NumberOfMessagesSent QueueName Events',
      'Sum NumberOfMessagesDeleted QueueName Events',
    ]);
  });

  test('names a queue by what it is for: its own name is drawn', () => {
    const labels = body.widgets
      .flatMap(({ properties }) => properties.metrics)
      .filter(([namespace]) => namespace === 'AWS/SQS')
      .map((metric) => (metric.at(-1) as { readonly label?: string }).label);
    const waiting = ['eventsDeadLetter', 'rotationDeadLetter', 'quarantine', 'escrow'];
    expect(labels).toEqual(['events', 'events', 'companyWork', 'events', ...waiting]);
  });
});
