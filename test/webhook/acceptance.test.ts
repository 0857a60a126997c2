import { describe, expect, it } from 'vitest';
import { type AcceptanceDependencies, acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { readEventMessage } from '../../functions/webhook/event-message.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { untilReturn } from '../memory/port.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { recordingObserver, sampleTime } from './sample-events.ts';

const out = () => Promise.reject(new Error('out of order'));

function setUp(otherwise: Partial<AcceptanceDependencies> = {}) {
  const time = { now: sampleTime + 1 };
  const clock = () => time.now;
  const calls: string[] = [];
  const counted = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver);
        if (typeof member !== 'function') return member;
        return (...parameters: unknown[]) => {
          calls.push(String(name));
          return member.apply(target, parameters);
        };
      },
    });
  const queue = memoryEventQueue(clock);
  const ledger = memoryLedger(clock);
  const quarantine = memoryQuarantine(clock);
  const observer = recordingObserver();
  const dependencies: AcceptanceDependencies = {
    environment: 'sandbox',
    queue: counted(otherwise.queue ?? queue),
    ledger: counted(otherwise.ledger ?? ledger),
    quarantine: counted(otherwise.quarantine ?? quarantine),
    clock,
    observer,
    ...(otherwise.countDelivered && { countDelivered: otherwise.countDelivered }),
  };
  const body = (id = '01JMYXMZRBVKK0PC6XS8SA4QRE', timestamp: string | null = '2025-02-06T23:34:12.246562Z') =>
    Buffer.from(
      JSON.stringify({
        id,
        timestamp,
        reason: 'update',
        company_id: '8',
        project_id: null,
        user_id: '5447',
        resource_type: 'RFIs',
        resource_id: '379913',
      }),
    );
  const accept = (bytes: Uint8Array = body()) => untilReturn(() => acceptDelivery(bytes, dependencies));
  return { time, calls, queue, ledger, quarantine, observer, body, accept };
}

describe('acceptDelivery', () => {
  it('sends a young event and then records it, in two calls', async () => {
    const { accept, calls, queue, ledger, observer, time } = setUp();
    expect(await accept()).toBe('accepted');
    expect(calls).toEqual(['send', 'record']);
    const message = readEventMessage(queue.messages[0]?.body ?? '');
    expect(message).toMatchObject({ kind: 'webhook_event', environment: 'sandbox', receivedAt: time.now });
    expect(message).toMatchObject({ version: 1, origin: 'live', class: 'foreground' });
    expect(await ledger.find('01JMYXMZRBVKK0PC6XS8SA4QRE')).toMatchObject({ receivedAt: time.now });
    expect(observer.counts).toEqual(new Map([['webhookAccepted', 1]]));
  });

  it('counts for its hook what Procore has delivered, beside the ledger', async () => {
    const counted: string[] = [];
    let record = () => {};
    const recorded = new Promise<'recorded'>((resolve) => {
      record = () => resolve('recorded');
    });
    const { accept } = setUp({
      ledger: { find: async () => undefined, record: () => recorded },
      async countDelivered({ companyId, projectId }) {
        counted.push(`${companyId} ${projectId}`);
        // The ledger answers only after this has begun.
        record();
      },
    });
    expect(await accept()).toBe('accepted');
    expect(counted).toEqual(['8 null']);
  });

  it('counts nothing for a hook when the event is not on the queue', async () => {
    const counted: unknown[] = [];
    const { accept } = setUp({
      queue: { send: out },
      countDelivered: async (event) => void counted.push(event),
    });
    expect(await accept()).toBe('unavailable');
    expect(counted).toEqual([]);
  });

  it('leaves a young duplicate to the queue, in two calls', async () => {
    const { accept, calls, queue, observer } = setUp();
    await accept();
    calls.length = 0;
    expect(await accept()).toBe('duplicate');
    expect(calls).toEqual(['send', 'record']);
    expect(queue.messages).toHaveLength(1);
    expect(observer.counts.get('webhookDuplicate')).toBe(1);
    expect(observer.notes).toEqual([['webhook.duplicate', { eventId: '01JMYXMZRBVKK0PC6XS8SA4QRE' }]]);
  });

  it('finds an old duplicate in the ledger, in one call', async () => {
    const { accept, calls, queue, time } = setUp();
    await accept();
    calls.length = 0;
    time.now += 11 * 3600;
    expect(await accept()).toBe('duplicate');
    expect(calls).toEqual(['find']);
    expect(queue.messages).toHaveLength(1);
  });

  it.each([
    ['just born', sampleTime, 2],
    ['two minutes old', sampleTime + 119.9, 2],
    ['older', sampleTime + 120.1, 3],
    ['of the future', sampleTime - 0.1, 3],
  ])('looks an event up unless it is 0 to 2 minutes old: %s', async (_what, now, expectedCalls) => {
    const { accept, calls, time } = setUp();
    time.now = now;
    expect(await accept()).toBe('accepted');
    expect(calls).toHaveLength(expectedCalls);
  });

  it.each([null, 'yesterday'])('looks an event up whose timestamp is %j', async (timestamp) => {
    const { accept, calls, body } = setUp();
    expect(await accept(body('1', timestamp))).toBe('accepted');
    expect(calls).toEqual(['find', 'send', 'record']);
  });

  it('accepts with the queue alone when the ledger is out', async () => {
    const { accept, calls, queue, observer, time } = setUp({ ledger: { find: out, record: out } });
    time.now += 3600;
    expect(await accept()).toBe('accepted');
    expect(calls).toEqual(['find', 'send', 'record', 'record']);
    expect(queue.messages).toHaveLength(1);
    expect(observer.counts).toEqual(
      new Map([
        ['ledgerUnread', 1],
        ['ledgerUnwritten', 1],
        ['webhookAccepted', 1],
      ]),
    );
    const about = { eventId: '01JMYXMZRBVKK0PC6XS8SA4QRE', errorName: 'Error' };
    expect(observer.notes).toEqual([
      ['webhook.ledger_unread', about],
      ['webhook.ledger_unwritten', about],
    ]);
  });

  it('asks Procore to come again when the queue is out, and records nothing', async () => {
    const { accept, ledger, observer } = setUp({ queue: { send: out } });
    expect(await accept()).toBe('unavailable');
    expect(await ledger.find('01JMYXMZRBVKK0PC6XS8SA4QRE')).toBeUndefined();
    expect(observer.counts).toEqual(new Map([['webhookRefused', 1]]));
    expect(observer.notes).toEqual([['webhook.queue_unavailable', { errorName: 'Error' }]]);
  });

  it('quarantines what the queue will never take, so that it does not hold up everything behind it', async () => {
    const { accept, quarantine } = setUp({ queue: { send: async () => 'refused' } });
    expect(await accept()).toBe('quarantined');
    expect(quarantine.messages).toMatchObject([{ reason: 'queue_refused' }]);
  });

  it('quarantines what it cannot read, with its hash, in one call', async () => {
    const { accept, calls, quarantine, time, observer } = setUp();
    expect(await accept(Buffer.from('{"ping":1}'))).toBe('quarantined');
    expect(calls).toEqual(['keep']);
    expect(observer.counts).toEqual(new Map([['webhookQuarantined', 1]]));
    expect(observer.notes).toEqual([
      [
        'webhook.quarantined',
        { reason: 'unknown_shape', bytes: 10, sha256: expect.stringMatching(/^64877f16df2e7bc1/) },
      ],
    ]);
    expect(quarantine.messages).toEqual([
      {
        reason: 'unknown_shape',
        receivedAt: time.now,
        bytes: 10,
        sha256: '64877f16df2e7bc1e4229fe1559ccf65b3c87f1f70512d0fb1cc8cc3232e9778',
        bodyBase64: Buffer.from('{"ping":1}').toString('base64'),
      },
    ]);
  });

  it('asks Procore to come again when the quarantine is out', async () => {
    const { accept, observer } = setUp({ quarantine: { keep: out } });
    expect(await accept(Buffer.from('x'))).toBe('unavailable');
    expect(observer.counts).toEqual(new Map([['webhookRefused', 1]]));
    expect(observer.notes).toEqual([['webhook.quarantine_unavailable', { errorName: 'Error' }]]);
  });

  it('notes the hash of what even the quarantine refuses, and lets the next deliveries pass', async () => {
    const { accept, observer } = setUp({ quarantine: { keep: async () => 'refused' } });
    expect(await accept(Buffer.from('x'))).toBe('discarded');
    expect(observer.counts).toEqual(new Map([['webhookQuarantineRefused', 1]]));
    expect(observer.notes).toEqual([
      ['webhook.quarantine_refused', expect.objectContaining({ sha256: expect.stringMatching(/^2d711642b726b044/) })],
    ]);
  });

  it('writes nothing down of what was sent', async () => {
    const { accept, observer, body } = setUp({ ledger: { find: out, record: out }, queue: { send: out } });
    await accept(body('1', 'a secret in the timestamp'));
    await accept(Buffer.from('a secret in the body'));
    expect(JSON.stringify(observer.notes)).not.toContain('secret');
  });
});
