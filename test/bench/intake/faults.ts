import { companyClientWhenCalled } from '../../../functions/webhook/event-client.ts';
import { keyEvidence } from '../../../functions/webhook/evidence.ts';
import { Permanent } from '../../../functions/webhook/permanent.ts';
import { workBatch } from '../../../functions/webhook/work.ts';
import type { ReceivedMessage } from '../../../functions/webhook/work-queue.ts';
import { movableClock } from '../../../lib/procore-stand-in/clock.ts';
import { DeliveryQueue } from '../../../lib/procore-stand-in/deliveries.ts';
import { HookStore } from '../../../lib/procore-stand-in/hooks.ts';
import { seededRandomness, ulid } from '../../../lib/procore-stand-in/randomness.ts';
import { drawUnknowns } from '../../../lib/procore-stand-in/unknowns.ts';
import { memorySubscriptionStore } from '../../memory/subscription-store.ts';
import type { Figures } from '../bench.ts';
import { authorization, faultWorld, type Service } from './fault-world.ts';

const hour = 3_600_000;
const begin = Date.UTC(2026, 10, 24, 12);

/** One thing that happens at a time, epoch milliseconds. */
interface Happening {
  readonly at: number;
  happen(): void;
}

/**
 * Sends events by Procore's own rule (5 s, pause, 1 s doubling to 1 h, discard after 12 h) while functions are killed
 * and services fail, works them, and counts what became of each.
 *
 * @param events how many different ones; a tenth of them is delivered again although it was acknowledged
 */
export async function runFaults(events: number, seed: string): Promise<Figures> {
  const randomness = seededRandomness(seed, 'faults');
  const clock = movableClock(() => begin);
  const seconds = () => clock.now() / 1000;
  const world = faultWorld(seconds, randomness);
  const acknowledged = new Set<string>();
  const unreadable = new Set<string>();

  const hooks = new HookStore(clock);
  const hook = hooks.add(
    { companyId: '8', projectId: null },
    { payloadVersion: 'v4.0', namespace: 'bench', destinationUrl: 'https://bench.example/webhooks', authorization },
  );
  const unknowns = drawUnknowns(randomness, { flushDisablesHooks: false });
  const sender = new DeliveryQueue({ clock, hooks, unknowns, randomness }, async (_url, headers, body) => {
    const status = await world.deliver(headers.authorization, Buffer.from(body));
    const success = status >= 200 && status < 300;
    if (success) acknowledged.add(idOf(body));
    return { success, ...(status > 0 && { status }) };
  });
  const worker = startWorker(world, seconds, randomness);

  const happenings: Happening[] = [];
  const meanGap = 4000;
  let at = begin;
  for (let index = 0; index < events; index += 1) {
    at += randomness.below(2 * meanGap);
    const isReadable = randomness.below(200) > 0;
    const id = ulid(at, randomness);
    if (!isReadable) unreadable.add(id);
    const body = JSON.stringify({
      id,
      // Procore's clock may lead ours a little, or lag.
      timestamp: new Date(at + randomness.below(60_000) - 5000).toISOString(),
      reason: 'update',
      company_id: '8',
      project_id: String(randomness.below(40)),
      resource_type: 'RFIs',
      ...(isReadable && { resource_id: String(randomness.below(2000)) }),
    });
    let deliveryId = '';
    happenings.push({
      at,
      happen: () => {
        deliveryId = sender.enqueue(hook, { resourceName: 'RFIs', eventType: 'update', payload: body }).id;
      },
    });
    if (index % 10 === 0) {
      const later = randomness.pick([1000, 60_000, 6 * 60_000, 20 * 60_000, 11 * hour]);
      happenings.push({ at: at + later, happen: () => sender.enqueueAgain(deliveryId) });
    }
  }
  const end = at + 12 * hour;
  for (let start = begin + hour; start < at; start += 2 * hour) {
    const service = randomness.pick<Service>(['dynamodb', 'sqs', 'secretsmanager']);
    happenings.push({ at: start, happen: () => world.out.add(service) });
    happenings.push({ at: start + randomness.below(40 * 60_000), happen: () => world.out.delete(service) });
  }

  let done = 0;
  for (const { at: time, happen } of happenings.toSorted((one, other) => one.at - other.at)) {
    await sender.advanceTo(time);
    happen();
    done += 1;
    if (done % 50 === 0) await worker.work();
  }
  world.out.clear();
  await sender.advanceTo(end);
  await worker.work();
  sender.stop();

  const quarantined = new Set(
    world.quarantine.messages.map(({ bodyBase64 }) => idOf(Buffer.from(bodyBase64, 'base64').toString())),
  );
  const isSafe = (id: string) => worker.handled.has(id) || worker.dead.has(id) || quarantined.has(id);
  const { invocations, kills, failedCalls, twiceNamed, twiceOther } = world.counts;
  return {
    sent: events,
    duplicatesSent: Math.ceil(events / 10),
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((id) => !isSafe(id)).length,
    twiceNamed,
    twiceOther,
    handled: worker.handled.size,
    deadLettered: worker.dead.size,
    quarantined: quarantined.size,
    discardedBySender: sender.list().filter(({ status }) => status !== 'delivered').length,
    invocations,
    kills,
    failedCalls,
  };
}

function idOf(body: string): string {
  return (JSON.parse(body) as { id: string }).id;
}

/** Works the queue by the worker's real code; `onEvent` fails for some events, and declares some hopeless. */
function startWorker(
  world: ReturnType<typeof faultWorld>,
  clock: () => number,
  randomness: ReturnType<typeof seededRandomness>,
) {
  const handled = new Set<string>();
  const dead = new Set<string>();
  const tries = new Map<string, number>();
  const left: ReceivedMessage[] = [];
  let taken = 0;
  const subscriptions = memorySubscriptionStore();
  const dependencies: Parameters<typeof workBatch>[1] = {
    environment: 'sandbox',
    queue: {
      postpone: async () => {},
      async deadLetter({ body }) {
        dead.add(JSON.parse(body).event.id);
      },
      delete: async () => {},
      receive: async () => [],
    },
    ledger: world.workerLedger,
    unmarked: new Map(),
    reads: { resourceChanged: () => {}, connectionChanged: () => {} },
    subscriptions,
    companyClient: (companyId) =>
      companyClientWhenCalled('sandbox', companyId, () => Promise.reject(new Error('not called here'))),
    ownClientId: async () => 'client',
    secret: () => Promise.reject(new Error('nobody asks here')),
    handlers: async () => ({
      async onEvent({ id }) {
        const time = (tries.get(id) ?? 0) + 1;
        tries.set(id, time);
        const kind = Number.parseInt(id.slice(-2), 36) % 100;
        if (kind === 0) throw new Permanent('cannot be handled');
        if (kind < 6 && time < (kind === 1 ? 9 : 3)) throw new Error('fails');
        handled.add(id);
      },
      async onConnectionChange() {},
    }),
    evidence: keyEvidence({ ledger: world.workerLedger, clock }),
    // Nothing may wait here: this bench is about intake.
    breaker: { hold: () => undefined, succeeded() {}, failed() {}, ended() {} },
    frameOf: () => undefined,
    giveUpAfterHours: 72,
    clock,
    randomFraction: () => 0.5,
    sleep: () => new Promise(() => {}),
    remaining: () => 60_000,
    observer: { note() {}, count() {} },
  };
  return {
    handled,
    dead,
    /** Works until nothing is left; a batch whose worker is killed comes again whole. */
    async work(): Promise<void> {
      const { messages } = world.queue;
      for (; taken < messages.length; taken += 1) {
        const message = messages[taken];
        if (message === undefined) break;
        const messageId = `message-${taken}`;
        left.push({
          ...message,
          messageId,
          receipt: messageId,
          receiveCount: 1,
          sentAt: clock(),
          firstReceivedAt: clock(),
        });
      }
      while (left.length > 0) {
        const batch = left.splice(0, 10);
        const undone = new Set(await workBatch(batch, dependencies));
        const killed = randomness.below(100) === 0;
        const again = batch.filter(({ messageId }) => killed || undone.has(messageId));
        left.unshift(...again.map((message) => ({ ...message, receiveCount: message.receiveCount + 1 })));
      }
    },
  };
}
