import { auditCallsPerHour } from '../audit-cost.ts';
import { barSigns, showBill } from '../bill.ts';
import { byService, type Load, monthlyCost } from '../cost.ts';
import { prices } from '../prices.ts';
import type { Report, Surroundings } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { indent } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** What `cost` is asked for. */
export interface CostFlags extends Required<Load>, EnvironmentFlag {
  /** Whose settings count. */
  readonly stage: string | undefined;
}

/** Computes a month's bill of one environment. */
export async function cost(
  {
    surroundings,
    terminal: { variables },
  }: {
    readonly surroundings: Pick<Surroundings, 'standing'>;
    readonly terminal: Pick<Terminal, 'variables'>;
  },
  { environment: chosen, stage, ...load }: CostFlags,
): Promise<Report> {
  const standing = await surroundings.standing(chosen, stage);
  const { environment } = standing;
  const lines = monthlyCost(load, standing);
  const services = byService(lines);
  const [oldestPrice] = Object.values(prices)
    .map(({ seen }) => seen)
    .toSorted();
  return {
    data: {
      ...{ environment, ...load },
      usdPerMonth: [...services.values()].reduce((sum, usd) => sum + usd, 0),
      ...{ services: Object.fromEntries(services), lines },
    },
    text: [
      `A month of ${environment}, ${loadText(load)}:`,
      '',
      showBill(lines, barSigns(variables)),
      '',
      indent(
        `List prices of US East (N. Virginia), last seen between ${oldestPrice} and now; no free tier, no taxes ` +
          '(lib/operator/prices.ts). What stands there is counted in the template that cdk.json makes. Calls are ' +
          'measured by a test, durations and sizes are assumed (lib/operator/cost.ts).',
        '',
      ),
    ].join('\n'),
  };
}

function loadText({ connections, webhooksPerDay, backfilledRecords, ...load }: Required<Load>): string {
  const { companies, projects, reconcileHours } = load;
  const calls = Math.round(auditCallsPerHour({ companies, projects }));
  return [
    `${number.format(connections)} connections, ${number.format(webhooksPerDay)} webhooks a day`,
    ...(backfilledRecords > 0 ? [`, ${number.format(backfilledRecords)} records backfilled`] : []),
    ...(companies > 0
      ? [
          `,\n${number.format(companies)} companies of ${number.format(projects)} projects,\n`,
          `their hooks audited by ${number.format(calls)} calls of Procore an hour`,
        ]
      : []),
    ...(reconcileHours > 0 ? [`,\ntheir lists read every ${reconcileHours} hours`] : []),
  ].join('');
}

const number = new Intl.NumberFormat('en');
