import { loggedFields, type Observer } from '../../../functions/observer.ts';
import { acceptDelivery } from '../../../functions/webhook/acceptance.ts';
import { createAuthenticator } from '../../../functions/webhook/authenticate.ts';
import type { WebhookEvent } from '../../../functions/webhook/webhook-event.ts';
import { type Randomness, seededRandomness } from '../../../lib/procore-stand-in/randomness.ts';
import { memoryEventQueue } from '../../memory/event-queue.ts';
import { memoryLedger } from '../../memory/ledger.ts';
import { memoryQuarantine } from '../../memory/quarantine.ts';
import type { Figures } from '../bench.ts';

const current = 'a-value-of-forty-eight-characters-for-the-fuzz';
const previous = 'another-value-of-forty-eight-characters-before';

/**
 * Bodies and headers carry this mark, which must never be in a log. Its form is not that of an id or of a resource's
 * name, which may be logged.
 */
const mark = 'MARKED-1';

const samples = [
  '{"id":123456789,"ulid":"0A1B2C3D4F5G6H7I8J9K0LMN","timestamp":"2025-02-06T23:34:12.246562Z","metadata":{"source_user_id":987654321,"source_application_id":null},"user_id":987654321,"company_id":1357908642,"project_id":2468013579,"api_version":"v2.0","event_type":"update","resource_name":"RFIs","resource_id":54321}',
  '{"id":5982324300946918154,"timestamp":"2020-07-20T15:22:01.353581Z","company_id":6452,"project_id":219542,"resource_id":245510722,"resource_name":"Purchase Order Contract Line Items","event_type":"create","api_version":"v2","user_id":1469242}',
  '{"id":"01JMYXMZRBVKK0PC6XS8SA4QRE","timestamp":"2025-02-25T16:04:43.619085Z","reason":"update","company_id":"8","project_id":"6778","user_id":"5447","resource_type":"Direct Cost Line Items","resource_id":"379913"}',
];

const nasty = [
  'null',
  'true',
  '""',
  '-1',
  '1e400',
  '0.1',
  '[]',
  '{}',
  '9007199254740993',
  '"\\u0000"',
  '"\\ud800"',
  `"${mark}"`,
  '"__proto__"',
  '[[[[[[]]]]]]',
  `"${'9'.repeat(200)}"`,
  '"2025-99-99T99:99:99Z"',
  '99999999999999999999999999',
  '"🏗"',
];

/**
 * Sends generated and mutated requests through authentication and acceptance, on ports in memory, and counts what must
 * not be.
 *
 * @returns all counts; those named `fuzz…5xx`, `…WronglyAccepted`, `…WronglyRefused` and `…Leaks` must be 0
 */
export async function fuzzIntake(requests: number, seed: string): Promise<Figures> {
  const randomness = seededRandomness(seed, 'fuzz');
  // As young as the samples are not: every event is looked up.
  const clock = () => 1_740_500_000;
  let leaks = 0;
  const observer: Observer = {
    note(event, fields = {}) {
      const line = `${event} ${JSON.stringify(loggedFields(fields))}`;
      if (line.includes(mark) || line.includes(current) || line.includes(previous)) leaks += 1;
    },
    count() {},
  };
  const authenticate = createAuthenticator({
    source: { read: async () => ({ current, previous }) },
    previousUse: { note: async () => {} },
    clock,
    observer,
  });
  let [serverErrors, wronglyAccepted, wronglyRefused, slowest, over50Ms] = [0, 0, 0, 0, 0];
  let ports = freshPorts(clock);
  for (let index = 0; index < requests; index += 1) {
    // What was kept is of no further use, and memory is not without end.
    if (index % 5000 === 0) ports = freshPorts(clock);
    const header = drawHeader(randomness);
    const body = drawBody(randomness);
    const isRight = header === `Bearer ${current}` || header === `Bearer ${previous}`;
    const began = processorMs();
    let status: number;
    try {
      status = 401;
      if ((await authenticate(header)) === 'authenticated') {
        const acceptance = await acceptDelivery(body, { environment: 'sandbox', ...ports, clock, observer });
        status = acceptance === 'unavailable' ? 503 : 200;
        if (acceptance === 'accepted') logAsHandlersDo(ports.queue.messages.at(-1)?.body, observer);
      }
    } catch {
      status = 500;
    }
    const milliseconds = processorMs() - began;
    slowest = Math.max(slowest, milliseconds);
    if (milliseconds > 50) over50Ms += 1;
    if (isRight && status >= 500) serverErrors += 1;
    if (isRight && status === 401) wronglyRefused += 1;
    if (!isRight && status !== 401) wronglyAccepted += 1;
  }
  return {
    fuzzRequests: requests,
    fuzz5xx: serverErrors,
    fuzzWronglyAccepted: wronglyAccepted,
    fuzzWronglyRefused: wronglyRefused,
    fuzzLeaks: leaks,
    fuzzOver50Ms: over50Ms,
    fuzzSlowestMs: slowest,
  };
}

/** Logs all that an integrator may log of an event, as the file does that the product brings along. */
function logAsHandlersDo(body: string | undefined, observer: Observer): void {
  const { event } = JSON.parse(body ?? '{}') as { readonly event: WebhookEvent };
  const { id: eventId, eventType, resourceName, resourceId, companyId, projectId } = event;
  observer.note('event.received', {
    eventId,
    eventType,
    resourceName,
    resourceId,
    companyId,
    projectId: projectId ?? undefined,
  });
}

/** Time that this thread was given a processor: what else the machine does is not counted. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function freshPorts(clock: () => number) {
  return { queue: memoryEventQueue(clock), ledger: memoryLedger(clock), quarantine: memoryQuarantine(clock) };
}

function drawHeader(randomness: Randomness): string | undefined {
  const right = `Bearer ${randomness.pick([current, previous])}`;
  if (randomness.below(4) > 0) return right;
  const place = randomness.below(right.length);
  return randomness.pick([
    undefined,
    '',
    'Bearer ',
    `Bearer ${mark}`,
    right.toLowerCase(),
    `${right} `,
    right.slice(0, place),
    `${right.slice(0, place)}\u0000${right.slice(place + 1)}`,
    `${right}, ${right}`,
    Buffer.from(right).toString('base64'),
  ]);
}

function drawBody(randomness: Randomness): Uint8Array {
  const sample = randomness.pick(samples);
  switch (randomness.below(10)) {
    case 0:
      return randomness.bytes(randomness.below(400));
    case 1:
      return Buffer.from(sample.slice(0, randomness.below(sample.length)));
    case 2: {
      const bytes = Buffer.from(sample);
      for (let count = 0; count <= randomness.below(5); count += 1) {
        bytes[randomness.below(bytes.length)] = randomness.below(256);
      }
      return bytes;
    }
    case 3:
      return Buffer.from(
        randomness.pick(['', ' \n\t', '\uFEFF', `\uFEFF${sample}`, '[', '{'.repeat(50_000), `[${sample}]`]),
      );
    case 4:
      // Long ones are rare: they cost most, and say least.
      return randomness.below(200) === 0
        ? Buffer.alloc(300_000 + randomness.below(3_000_000), 'a')
        : Buffer.from(`"${mark}"`);
    default:
      return Buffer.from(mutateFields(sample, randomness));
  }
}

/** Drops, doubles and replaces fields, as text: a parser of JSON would not write what a hostile sender may. */
function mutateFields(sample: string, randomness: Randomness): string {
  const fields = [...sample.matchAll(/"(\w+)":("[^"]*"|\{[^}]*\}|[^,}]+)/g)].map(([, name = '', value = '']) => ({
    name,
    value,
  }));
  const changes = randomness.below(4);
  for (let count = 0; count < changes; count += 1) {
    const index = randomness.below(fields.length);
    const field = fields[index];
    if (field === undefined) continue;
    const value = randomness.pick(nasty);
    const kind = randomness.below(4);
    if (kind === 0) fields.splice(index, 1);
    else if (kind === 1) fields.push({ ...field, value });
    else if (kind === 2) fields[index] = { ...field, value };
    else fields.push({ name: randomness.pick(['__proto__', 'constructor', `x${mark}`, 'data']), value });
  }
  // Most events are others, so that the ledger is asked for many.
  const digits = String(randomness.below(1_000_000));
  return `{${fields.map(({ name, value }) => `"${name}":${name === 'id' && randomness.below(2) ? digits : value}`).join(',')}}`;
}
