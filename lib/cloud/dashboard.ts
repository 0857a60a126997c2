import { Dashboard, GraphWidget, type IMetric, PeriodOverride } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { WatchedQueue } from './alarms.ts';

/** What a graph shows of a queue: the age of its oldest message, or how many wait, were sent, or were deleted. */
export type QueueMeasure = 'age' | 'length' | 'inHand' | 'sent' | 'deleted';

/** One graph: metrics of ours (summed over the period unless a statistic is named), or measures of queues. */
export interface Graph {
  readonly title: string;
  readonly metrics?: readonly string[];
  readonly statistic?: 'p50 p99' | 'Minimum' | 'Maximum';
  readonly queues?: { readonly of: readonly WatchedQueue[]; readonly measure: QueueMeasure };
}

/** The graphs of an environment's dashboard, in rows as they stand there. */
export const dashboardRows: readonly (readonly Graph[])[] = [
  [
    {
      title: 'Connections: made, ended, in need of a person',
      metrics: ['connectionAuthorized', 'connectionDisconnected', 'reauthorizationRequired', 'wrongEnvironment'],
    },
    {
      title: 'Connect page: how it ended',
      metrics: [
        ...['callbackSucceeded', 'callbackDenied', 'callbackExpired', 'callbackStranger', 'callbackMisconfigured'],
        ...['callbackProcoreDown', 'connectPageFailed'],
      ],
    },
  ],
  [
    {
      title: 'Rotations and their outcomes',
      metrics: [
        ...['rotationClaimed', 'rotationReplaced', 'rotationUnknown', 'rotationReplayed', 'rotationNotSent'],
        ...['rotationThrottled', 'clientCredentialsRefused', 'rotationEscrowed', 'rotationRecovered'],
      ],
    },
    {
      title: 'Connections due for rotation, due too long, past their end',
      metrics: ['sweepDue', 'sweepOverdue', 'sweepPastExpiry'],
    },
  ],
  [
    {
      title: 'Webhooks taken in',
      metrics: [
        ...['webhookDuplicate', 'webhookQuarantined', 'webhookQuarantineRefused', 'webhookRefused'],
        ...['webhookUnanswered', 'webhookAuthorizationMissing', 'webhookAuthorizationWrong'],
        'webhookAuthorizationRetired',
        'webhookSecretUnusable',
      ],
      queues: { of: ['events'], measure: 'sent' },
    },
    { title: 'Answers to webhooks (milliseconds)', metrics: ['webhookAnswerMs'], statistic: 'p50 p99' },
  ],
  [
    {
      title: 'Events handled',
      metrics: [
        ...[
          'eventUnsubscribed',
          'eventFailed',
          'eventFailingLong',
          'eventDeadLettered',
          'ledgerUnread',
          'ledgerUnwritten',
        ],
      ],
      queues: { of: ['events'], measure: 'deleted' },
    },
    {
      title: 'Subscriptions audited',
      metrics: [
        ...['subscriptionInactive', 'subscriptionRepaired', 'auditJobsFailed', 'deliveriesRecovered'],
        ...['deliveriesDiscarded', 'webhookSilence', 'vanishedHeldBack'],
      ],
    },
  ],
  [
    {
      title: 'Oldest look at a hook, where it is older than two hours',
      metrics: ['auditOldestLookHours'],
      statistic: 'Maximum',
    },
    {
      title: 'Wake-ups of company-wide jobs that wait',
      queues: { of: ['companyWork'], measure: 'length' },
    },
  ],
  [
    { title: 'Calls of Procore’s API that failed', metrics: ['apiCallFailed', 'apiThrottled', 'appDisconnected'] },
    {
      title: 'Left of Procore’s limits (per cent)',
      metrics: ['rateBudgetLongLeftPercent', 'rateBudgetShortLeftPercent'],
      statistic: 'Minimum',
    },
  ],
  [
    {
      title: 'Oldest event, and oldest token set that does not leave escrow (seconds)',
      metrics: ['escrowAgeSeconds'],
      statistic: 'Maximum',
      queues: { of: ['events'], measure: 'age' },
    },
    {
      title: 'Messages that wait for a person',
      queues: { of: ['eventsDeadLetter', 'rotationDeadLetter', 'quarantine', 'escrow'], measure: 'length' },
    },
  ],
];

export interface ConnectorDashboardProps {
  /** Letters, digits, hyphens: all that CloudWatch allows here. */
  readonly name: string;
  /** Gives the metric of a graph. */
  readonly ours: (metric: string, statistic: string) => IMetric;
  readonly ofQueue: (queue: WatchedQueue, measure: QueueMeasure) => IMetric;
}

/** One environment at a glance. */
export class ConnectorDashboard extends Construct {
  constructor(scope: Construct, id: string, { name, ours, ofQueue }: ConnectorDashboardProps) {
    super(scope, id);
    const widgets = dashboardRows.map((row) =>
      row.map(({ title, metrics = [], statistic = 'Sum', queues }) => {
        const statistics = statistic.split(' ');
        return new GraphWidget({
          title,
          width: Math.floor(24 / row.length),
          left: [
            ...metrics.flatMap((metric) => statistics.map((each) => ours(metric, each))),
            ...(queues?.of.map((queue) => ofQueue(queue, queues.measure)) ?? []),
          ],
          leftYAxis: { min: 0 },
        });
      }),
    );
    new Dashboard(this, 'Dashboard', { dashboardName: name, periodOverride: PeriodOverride.AUTO, widgets });
  }
}
