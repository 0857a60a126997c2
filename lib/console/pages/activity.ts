import { readEventMetrics } from '../../operator/aws/event-metrics.ts';
import { ledgerOf } from '../../operator/event-queues.ts';
import { outcomeChart } from '../chart.ts';
import type { Page } from '../frame.ts';
import { markup } from '../markup.ts';
import { allMinutes, countedSince, countMinutes } from '../outcomes.ts';
import type { Place } from '../quiet-session.ts';
import type { ConsoleContext } from '../request.ts';
import { inEnvironment, type Routing } from '../routing.ts';

/** Adds the page of events over time. */
export function addActivity({ app, context, place, page }: Routing): void {
  app.get(`${inEnvironment}/activity`, async (request) => page(request, activityPage(context, await place(request))));
}

/** Shows the events of the last hour: on this machine from the ledger, on AWS from the metrics of CloudWatch, asked now. */
async function activityPage({ clock }: ConsoleContext, { environment }: Place): Promise<Page> {
  const now = clock();
  const { stackName, name, local, clients, queueUrl } = environment;
  const since = countedSince(now);
  const chart = local
    ? outcomeChart(await countMinutes(ledgerOf(environment).arrivals(since, now + 1), now), 'event', 'minutes')
    : outcomeChart(
        allMinutes(
          await readEventMetrics(
            clients.cloudWatch,
            { stackName, environment: name, queueUrl: queueUrl('Events') },
            since,
            now,
          ),
          now,
        ),
        'run',
        'minutes',
      );
  return {
    title: 'Events over time',
    about: environment,
    body: markup`<section class="sheet" aria-label="The last hour">${chart}</section>`,
  };
}
