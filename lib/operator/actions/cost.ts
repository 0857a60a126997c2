import { byService, type Load, monthlyCost } from '../cost.ts';
import { prices } from '../prices.ts';
import type { Report, Surroundings } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { hang, indent } from '../table.ts';

/** What `cost` is asked for. */
export interface CostFlags extends Load, EnvironmentFlag {
  /** Whose settings count. */
  readonly stage: string | undefined;
}

/** Computes a month's bill of one environment. */
export async function cost(
  { surroundings }: { readonly surroundings: Pick<Surroundings, 'standing'> },
  { connections, webhooksPerDay, environment: chosen, stage }: CostFlags,
): Promise<Report> {
  const load = { connections, webhooksPerDay };
  const standing = await surroundings.standing(chosen, stage);
  const { environment } = standing;
  const lines = monthlyCost(load, standing);
  const services = byService(lines);
  const total = [...services.values()].reduce((sum, usd) => sum + usd, 0);
  const [oldestPrice] = Object.values(prices)
    .map(({ seen }) => seen)
    .toSorted();
  return {
    data: { environment, ...load, usdPerMonth: total, services: Object.fromEntries(services), lines },
    text: [
      `A month of ${environment}, ${connections} connections, ${webhooksPerDay} webhooks a day:\n`,
      ...[...services].map(([service, usd]) => `${dollars(usd)}  ${service}`),
      `${dollars(total)}  in all\n\nIn detail:`,
      ...lines.map(({ usd, service, what, amount }) =>
        hang(`${dollars(usd)}  `, `${service}: ${what} (${roughly.format(amount)})`),
      ),
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

const roughly = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`.padStart(10);
}
