import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AcceptanceDependencies, acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { readEventMessage } from '../../functions/webhook/event-message.ts';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { recordingObserver, sampleTime } from './sample-events.ts';

// I6: an acknowledged delivery is on the queue, in quarantine, or a duplicate of one that is.

/** What befalls one call: it fails, or the function dies, before or after the call has taken effect. */
type Fault = 'none' | 'fails_before' | 'fails_after' | 'dies_before' | 'dies_after';
type Step = 'find' | 'send' | 'record' | 'recordAgain' | 'keep';
type Faults = Readonly<Record<Step, Fault>>;

type Act =
  | { readonly act: 'deliver'; readonly deliveries: readonly number[]; readonly faults: Faults }
  | { readonly act: 'wait'; readonly seconds: number };

/** One delivery; `lead` is by how much Procore's clock is ahead of ours when it first comes. */
interface Delivery {
  readonly readable: boolean;
  readonly lead: number;
}

const fault = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fault>('none') },
  { weight: 4, arbitrary: fc.constantFrom<Fault>('fails_before', 'fails_after', 'dies_before', 'dies_after') },
);
const faults: fc.Arbitrary<Faults> = fc.record({
  find: fault,
  send: fault,
  record: fault,
  recordAgain: fault,
  keep: fault,
});
const noFaults: Faults = { find: 'none', send: 'none', record: 'none', recordAgain: 'none', keep: 'none' };
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('deliver' as const),
      // Two at once: an invocation that Procore gave up on may still be at work when the retry comes.
      deliveries: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 2 }),
      faults,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 20, 60, 119, 121, 179, 299, 301, 900, 3600, 11 * 3600),
    }),
  },
);
const delivery: fc.Arbitrary<Delivery> = fc.record({
  readable: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  lead: fc.constantFrom(-7200, -130, -30, -1, 0, 1, 60, 150, 179),
});

function world(deliveries: readonly Delivery[]) {
  const time = { now: sampleTime };
  const clock = () => time.now;
  const queue = memoryEventQueue(clock);
  const ledger = memoryLedger(clock);
  const quarantine = memoryQuarantine(clock);
  const bodies = new Map<number, Uint8Array>();
  const acknowledged = new Set<number>();
  const sendings = (index: number) =>
    queue.messages.filter(({ body }) => {
      const message = readEventMessage(body);
      return message?.kind === 'webhook_event' && message.event.id === `event-${index}`;
    }).length;

  function body(index: number): Uint8Array {
    const known = bodies.get(index);
    if (known !== undefined) return known;
    const { readable, lead } = deliveries[index] ?? { readable: true, lead: 0 };
    const made = Buffer.from(
      JSON.stringify({
        id: `event-${index}`,
        timestamp: new Date((time.now + lead) * 1000).toISOString(),
        reason: 'update',
        company_id: '8',
        resource_type: 'RFIs',
        ...(readable && { resource_id: '379913' }),
      }),
    );
    bodies.set(index, made);
    return made;
  }

  /** One invocation. @returns whether it acknowledged the delivery; an invocation that dies does not */
  async function invoke(index: number, planned: Faults): Promise<boolean> {
    const death = Promise.withResolvers<'died'>();
    const befall = async <Result>(step: Step, call: () => Promise<Result>): Promise<Result> => {
      if (planned[step] === 'fails_before') throw new Error('throttled');
      if (planned[step] === 'dies_before') {
        death.resolve('died');
        return new Promise(() => {});
      }
      const result = await call();
      if (planned[step] === 'fails_after') throw new Error('answer lost');
      if (planned[step] === 'dies_after') {
        death.resolve('died');
        return new Promise(() => {});
      }
      return result;
    };
    let records = 0;
    const dependencies: AcceptanceDependencies = {
      environment: 'sandbox',
      queue: { send: (message) => befall('send', () => queue.send(message)) },
      ledger: {
        find: (id) => befall('find', () => ledger.find(id)),
        record: (event, at) => {
          records += 1;
          return befall(records === 1 ? 'record' : 'recordAgain', () => ledger.record(event, at));
        },
      },
      quarantine: { keep: (message) => befall('keep', () => quarantine.keep(message)) },
      clock,
      observer: recordingObserver(),
    };
    const outcome = await Promise.race([acceptDelivery(body(index), dependencies), death.promise]);
    return outcome !== 'died' && outcome !== 'unavailable';
  }

  function isSafe(index: number): boolean {
    const { sha256 } = quarantineMessage(body(index), 'missing_resource_id', 0);
    return sendings(index) > 0 || quarantine.messages.some((message) => message.sha256 === sha256);
  }

  async function perform(step: Act): Promise<void> {
    if (step.act === 'wait') {
      time.now += step.seconds;
      return;
    }
    const before = new Map<number, { readonly sent: number; readonly recorded: boolean }>();
    for (const index of step.deliveries) {
      before.set(index, {
        sent: sendings(index),
        recorded: (await ledger.find(`event-${index}`)) !== undefined,
      });
    }
    const answers = await Promise.all(step.deliveries.map((index) => invoke(index, step.faults)));
    step.deliveries.forEach((index, position) => {
      if (answers[position]) acknowledged.add(index);
    });
    for (const index of acknowledged) expect(isSafe(index), `delivery ${index} acknowledged and lost`).toBe(true);
    for (const [index, { sent, recorded }] of before) {
      // The one case that functions/webhook/README.md names: sent, then not recorded or not readable, and back after the window.
      const named = !recorded || step.faults.find !== 'none';
      if (sent > 0 && !named) expect(sendings(index), `delivery ${index} sent again`).toBe(sent);
      expect(sendings(index) - sent, 'sent twice by calls at the same time').toBeLessThanOrEqual(1);
    }
  }

  return { perform, isSafe, acknowledged };
}

it('loses no acknowledged delivery and repeats none but the named case, whatever fails or dies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(delivery, delivery, delivery),
      fc.array(act, { minLength: 1, maxLength: 14 }),
      async (deliveries, acts) => {
        const { perform, isSafe, acknowledged } = world(deliveries);
        for (const step of acts) await perform(step);
        // Procore's retry, once everything is well again.
        for (const index of deliveries.keys()) {
          if (!acknowledged.has(index)) await perform({ act: 'deliver', deliveries: [index], faults: noFaults });
          expect(acknowledged.has(index) && isSafe(index)).toBe(true);
        }
      },
    ),
    { numRuns: 3000 },
  );
}, 60_000);
