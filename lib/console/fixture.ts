import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';

/** Writes the code that makes an event in a test, with the kit of the package. */
export function fixtureOf({ resourceName, eventType, ...given }: WebhookEvent): string {
  const fields = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name}: ${literal(value)},`);
  return [
    "import { sampleEvent } from 'procore-connector/testing';",
    '',
    `const event = sampleEvent(${literal(resourceName)}, ${literal(eventType)}, {`,
    ...fields,
    '});',
  ].join('\n');
}

function literal(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  // JSON escapes what ends a line or a text; single quotes are the kit's own style.
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
