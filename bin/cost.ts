// npm run cost -- --connections 1000 --webhooks-per-day 100000 [--json]: a month's bill of one environment on AWS.
import { alarmRows } from '../lib/cloud/alarms.ts';
import { dashboardRows } from '../lib/cloud/dashboard.ts';
import { assumptions, byService, monthlyCost } from '../lib/operator/cost.ts';
import { costUsage, readCostOptions } from '../lib/operator/cost-options.ts';
import { prices } from '../lib/operator/prices.ts';

function readOptions() {
  try {
    return readCostOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${costUsage}`);
    process.exit(2);
  }
}

const { load, json, help } = readOptions();
if (help) {
  console.log(costUsage);
  process.exit(0);
}
const metrics = new Set(dashboardRows.flat().flatMap(({ metrics: names = [] }) => names)).size;
const alarmMetrics = alarmRows.reduce((sum, { watched }) => {
  if ('metrics' in watched) return sum + watched.metrics.length;
  return sum + ('functions' in watched ? assumptions.functionsPerGroup : 1);
}, 0);
const lines = monthlyCost(load, { keys: 2, secrets: 2, metrics, alarmMetrics });
const services = byService(lines);
const total = [...services.values()].reduce((sum, usd) => sum + usd, 0);
const dollars = (usd: number) => `$${usd.toFixed(2)}`.padStart(10);

if (json) {
  console.log(JSON.stringify({ ...load, usdPerMonth: total, services: Object.fromEntries(services), lines }));
} else {
  console.log(`One environment, ${load.connections} connections, ${load.webhooksPerDay} webhooks a day, a month:\n`);
  for (const [service, usd] of services) console.log(`${dollars(usd)}  ${service}`);
  console.log(`${dollars(total)}  in all\n\nIn detail:`);
  for (const { usd, service, what, amount } of lines) {
    console.log(`${dollars(usd)}  ${service}: ${what} (${amount.toPrecision(3)})`);
  }
  console.log(`
List prices of US East (N. Virginia), last seen between ${
    Object.values(prices)
      .map(({ seen }) => seen)
      .sort()[0]
  } and now; no free tier, no taxes
(lib/operator/prices.ts). Calls are measured by a test, durations and sizes are assumed (lib/operator/cost.ts).`);
}
