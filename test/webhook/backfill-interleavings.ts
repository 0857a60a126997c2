import { sharedReads } from '../../functions/procore/shared-reads.ts';
import { type AcceptanceDependencies, acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { keyBreaker } from '../../functions/webhook/breaker.ts';
import { companyClientWhenCalled } from '../../functions/webhook/event-client.ts';
import { deduplicationId, type EventMessage, groupId, queueJson } from '../../functions/webhook/event-message.ts';
import { keyEvidence } from '../../functions/webhook/evidence.ts';
import { recordEvent } from '../../functions/webhook/record-event.ts';
import { workBatch } from '../../functions/webhook/work.ts';
import type { WorkDependencies } from '../../functions/webhook/work-dependencies.ts';
import { instantLedger } from '../../lib/testing/instant-ledger.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { Choices } from '../simulation/choices.ts';
import { recordingObserver } from './sample-events.ts';

/** What many interleavings came to. */
export interface Explored {
  readonly runs: number;
  /** Runs after which `onEvent` had last been given, without a mark, an older state than it had been given before. */
  readonly endedOlder: number;
  /** Runs that would have ended so if nobody heeded the marks: they show that the exploration reaches what it is about. */
  readonly wouldHave: number;
}

const startTime = 1_800_000_000;
const [companyId, projectId, resourceId] = ['5358233', '23498237', '77'];

/**
 * Lets a record change while it is backfilled, in many orders: changes, their webhooks (late, out of order, twice), pages
 * that are read, events that are sent from them (late, twice), and a worker that dies before it has deleted a message or
 * cannot read the ledger. Intake, worker and ledger are the real ones, on a clock of their own.
 */
export async function exploreInterleavings(runs: number, seed: number): Promise<Explored> {
  let [endedOlder, wouldHave] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const { unmarked, all } = await interleave(Choices.seeded(seed + run));
    endedOlder += Number(endsOlder(unmarked));
    wouldHave += Number(endsOlder(all));
  }
  return { runs, endedOlder, wouldHave };
}

/** Which versions were handed over, in their order. */
interface HandedOver {
  readonly unmarked: readonly number[];
  readonly all: readonly number[];
}

const endsOlder = (versions: readonly number[]) => (versions.at(-1) ?? 0) < Math.max(0, ...versions);

async function interleave(choices: Choices): Promise<HandedOver> {
  const world = oneRecordWorld(choices);
  const changes = 1 + Math.floor(choices.fraction() * 3);
  let [left, reads] = [changes, 1 + Math.floor(choices.fraction() * 2)];
  while (left > 0 || reads > 0 || world.isBusy()) {
    world.time.now += choices.fraction() * choices.pick([2, 0.2, 40, 400]);
    const step = choices.pick(['work', 'change', 'read', 'webhook', 'send', 'work'] as const);
    if (step === 'change' && left > 0) {
      left -= 1;
      world.change();
    } else if (step === 'read' && reads > 0) {
      reads -= 1;
      world.readPage();
    } else if (step === 'webhook') await world.deliver();
    else if (step === 'send') await world.sendRead();
    else await world.work();
  }
  return world.handedOver;
}

function oneRecordWorld(choices: Choices) {
  const time = { now: startTime };
  const clock = () => time.now;
  const handedOver = { unmarked: [] as number[], all: [] as number[] };
  const versionOf = new Map<string, number>();
  const webhooks: { readonly id: string; readonly body: Uint8Array }[] = [];
  const pages: Uint8Array[] = [];
  const messages: { readonly body: string; readonly sentAt: number; receives: number }[] = [];
  const known = new Map<string, number>();
  const ledger = instantLedger(clock);
  const observer = recordingObserver();
  let [version, changedAt, toldAt] = [0, startTime - 86_400, 0];
  const acceptance: AcceptanceDependencies = {
    ...{ environment: 'sandbox', clock, observer, ledger, quarantine: { keep: async () => 'kept' } },
    queue: {
      async send(message: EventMessage) {
        const id = deduplicationId(message);
        if (time.now - (known.get(id) ?? 0) < 300) return 'sent';
        known.set(id, time.now);
        messages.push({ body: queueJson(message), sentAt: time.now, receives: 0 });
        return 'sent';
      },
    },
  };
  const worker = workerOf(clock, ledger, observer, choices, (id, isStale) => {
    const handled = versionOf.get(id) ?? 0;
    handedOver.all.push(handled);
    // Null says that nobody knows: whoever goes by the mark reads the record then.
    if (isStale !== true) handedOver.unmarked.push(isStale === null ? version : handled);
  });
  // Procore's times have fractions in some lists, and whole seconds in others.
  const whole = choices.pick([true, false]);
  const textOf = (at: number) => new Date((whole ? Math.floor(at) : at) * 1000).toISOString();

  return {
    time,
    handedOver,
    isBusy: () => webhooks.length > 0 || pages.length > 0 || messages.length > 0,
    change() {
      version += 1;
      changedAt = time.now;
      const id = `live-${version}`;
      versionOf.set(id, version);
      // Procore tells of changes in their order.
      toldAt = Math.max(toldAt + 0.001, time.now + choices.fraction() * 0.4);
      const timestamp = new Date(toldAt * 1000).toISOString();
      const body = { ...{ id, timestamp, reason: 'update', company_id: companyId, project_id: projectId } };
      const about = { resource_type: 'RFIs', resource_id: resourceId };
      webhooks.push({ id, body: new TextEncoder().encode(JSON.stringify({ ...body, ...about })) });
    },
    readPage() {
      const updatedAt = textOf(changedAt);
      const body = recordEvent('backfilled', { companyId, projectId, resourceName: 'RFIs', resourceId, updatedAt });
      const { id } = JSON.parse(new TextDecoder().decode(body)) as { id: string };
      // Two states of one second have one id: the message says no more than the older of them.
      if (!versionOf.has(id)) versionOf.set(id, version);
      pages.push(body);
    },
    async deliver() {
      const at = Math.floor(choices.fraction() * webhooks.length);
      const webhook = webhooks[at];
      if (webhook === undefined) return;
      if (!choices.chance(0.2)) webhooks.splice(at, 1);
      await acceptDelivery(webhook.body, acceptance);
    },
    async sendRead() {
      const [body] = pages;
      if (body === undefined) return;
      // Who dies after the sending sends the page once more.
      if (!choices.chance(0.2)) pages.shift();
      await acceptDelivery(body, acceptance, 'backfilled');
    },
    async work() {
      const [message] = messages;
      if (message === undefined) return;
      message.receives += 1;
      const received = {
        ...{ messageId: message.body, receipt: message.body, body: message.body, sentAt: message.sentAt },
        ...{
          groupId: groupId(JSON.parse(message.body)),
          receiveCount: message.receives,
          firstReceivedAt: message.sentAt,
        },
      };
      await workBatch([received], worker);
      if (!choices.chance(0.15)) messages.shift();
    },
  };
}

function workerOf(
  clock: () => number,
  ledger: ReturnType<typeof instantLedger>,
  observer: WorkDependencies['observer'],
  choices: Choices,
  handle: (eventId: string, isStale: boolean | null) => void,
): WorkDependencies {
  return {
    ...{ environment: 'sandbox', clock, observer, reads: sharedReads(), giveUpAfterHours: 72 },
    ledger: {
      ...ledger,
      history: (event) => (choices.chance(0.05) ? Promise.reject(new Error('throttled')) : ledger.history(event)),
    },
    queue: { postpone: async () => {}, deadLetter: async () => {}, delete: async () => {}, receive: async () => [] },
    evidence: keyEvidence({ ledger, clock }),
    breaker: keyBreaker({ clock, randomFraction: () => 0 }),
    unmarked: new Map(),
    handlers: async () => ({
      onEvent: async ({ id, marks }) => handle(id, marks.stale),
      onConnectionChange: async () => {},
    }),
    companyClient: (company) => companyClientWhenCalled('sandbox', company, () => Promise.reject(new Error('no call'))),
    secret: () => Promise.reject(new Error('nobody asks')),
    frameOf: () => undefined,
    randomFraction: () => 0,
    sleep: () => new Promise(() => {}),
    remaining: () => 60_000,
    ownClientId: async () => 'our-client',
    subscriptions: memorySubscriptionStore(),
  };
}
