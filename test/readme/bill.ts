import { standingCharges } from '../../lib/cloud/standing.ts';
import { byService, monthlyCost } from '../../lib/operator/cost.ts';
import { markdownTable } from './table.ts';

/** Writes a month's bill of `production` with the load that `npm run cost` takes unless told. */
export function billTable(): string {
  const load = { connections: 1000, webhooksPerDay: 100_000 };
  const services = byService(monthlyCost(load, standingCharges('production')));
  const total = [...services.values()].reduce((sum, usd) => sum + usd, 0);
  const rows = [...services, ['in all', total] as const];
  return markdownTable(
    ['Service', 'A month'],
    rows.map(([service, usd]) => [service, `$${usd.toFixed(2)}`]),
  );
}
