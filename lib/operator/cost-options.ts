import { parseArgs } from 'node:util';

/** What `npm run cost` takes. */
export const costUsage = `Use: npm run cost -- [--connections N] [--webhooks-per-day N] [--json]

Prints a month's bill of one environment on AWS. Without the options: 1000 connections, 100000 webhooks a day.`;
const options = {
  connections: { type: 'string', default: '1000' },
  'webhooks-per-day': { type: 'string', default: '100000' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Reads the options of `npm run cost`. @throws TypeError saying which one is wrong */
export function readCostOptions(argv: readonly string[]) {
  const { values } = parseArgs({ args: [...argv], options });
  const load = {
    connections: wholeNumber('--connections', values.connections),
    webhooksPerDay: wholeNumber('--webhooks-per-day', values['webhooks-per-day']),
  };
  return { load, ...values };
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new TypeError(`${option} is a whole number of 0 or more, not "${text}".`);
}
