import { AsyncLocalStorage } from 'node:async_hooks';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { cachedSecret } from '../../../functions/aws/cached-secret.ts';
import { acceptDelivery } from '../../../functions/webhook/acceptance.ts';
import { createAuthenticator } from '../../../functions/webhook/authenticate.ts';
import { readEventMessage, type Subject, subjectId } from '../../../functions/webhook/event-message.ts';
import type { DeadLettered, KeyHealth } from '../../../functions/webhook/ledger.ts';
import type { TryRecord } from '../../../functions/webhook/try-record.ts';
import { parseWebhookAuthorization } from '../../../functions/webhook/webhook-authorization.ts';
import type { WebhookEvent } from '../../../functions/webhook/webhook-event.ts';
import type { Randomness } from '../../../lib/procore-stand-in/randomness.ts';
import { memoryEventQueue } from '../../memory/event-queue.ts';
import { memoryLedger } from '../../memory/ledger.ts';
import { memoryQuarantine } from '../../memory/quarantine.ts';
import { memorySqs } from '../../memory/sqs.ts';

/** What may be out for a while. */
export type Service = 'dynamodb' | 'sqs' | 'secretsmanager';

/** The function was killed: nothing is answered, and its container is gone. */
class Killed extends Error {}

const quietObserver = { note() {}, count() {} };
export const authorization = 'Bearer a-value-of-forty-eight-characters-for-the-bench';
const secretString = JSON.stringify({ environment: 'sandbox', current: authorization.slice('Bearer '.length) });

/** What was counted; `twiceNamed` is the one case that functions/webhook/README.md names, `twiceOther` any other. */
export interface FaultCounts {
  invocations: number;
  kills: number;
  failedCalls: number;
  twiceNamed: number;
  twiceOther: number;
}

/** Of a thousand calls, so many end so. */
const perThousand = { fails_before: 15, answer_lost: 10, killed_before: 6, killed_after: 6 } as const;

/**
 * Intake's real code on in-memory ports whose clock can be moved, where every call may fail, lose its answer, or be the
 * last thing that the function did: before or after it has taken effect.
 */
export function faultWorld(clock: () => number, randomness: Randomness) {
  const counts: FaultCounts = { invocations: 0, kills: 0, failedCalls: 0, twiceNamed: 0, twiceOther: 0 };
  const out = new Set<Service>();
  const sqs = memorySqs(clock);
  /** Of each invocation, whether it could not read the ledger. */
  const invocation = new AsyncLocalStorage<{ unread: boolean }>();
  const queue = memoryEventQueue(clock, undefined, {
    ...sqs,
    send(message) {
      const before = sqs.messages.length;
      const answer = sqs.send(message);
      const event = readEventMessage(message.body);
      if (event?.kind === 'webhook_event' && sqs.messages.length > before) noteSent(event.event);
      return answer;
    },
  });
  const ledger = memoryLedger(clock);
  const quarantine = memoryQuarantine(clock);
  const sent = new Set<string>();
  const inLedger = new Set<string>();
  /** A call never comes back from a dead function: the promise is left pending, as the process is gone. */
  const faulty = async <Result>(service: Service, die: () => void, call: () => Promise<Result>): Promise<Result> => {
    const draw = randomness.below(1000);
    const limits = [
      perThousand.fails_before,
      perThousand.answer_lost,
      perThousand.killed_before,
      perThousand.killed_after,
    ];
    let limit = 0;
    const fault = limits.findIndex((share) => {
      limit += share;
      return draw < limit;
    });
    const gone = () => {
      counts.kills += 1;
      die();
      return new Promise<Result>(() => {});
    };
    if (out.has(service) || fault === 0) {
      counts.failedCalls += 1;
      throw new Error('ThrottlingException');
    }
    if (fault === 2) return gone();
    const result = await call();
    if (fault === 1) {
      counts.failedCalls += 1;
      throw new Error('TimeoutError');
    }
    return fault === 3 ? gone() : result;
  };

  function container() {
    let die: () => void = () => {};
    const client = {
      send: () =>
        faulty(
          'secretsmanager',
          () => die(),
          async () => ({ SecretString: secretString }),
        ),
    } as unknown as SecretsManagerClient;
    const read = cachedSecret({ client, secretId: 'authorization', clock }, (text) =>
      parseWebhookAuthorization(text, 'sandbox'),
    );
    const authenticate = createAuthenticator({
      source: { read },
      previousUse: { note: async () => {} },
      clock,
      observer: quietObserver,
    });
    return {
      /** @returns the status that the function answered with; throws Killed when it died */
      async invoke(header: string | undefined, body: Uint8Array): Promise<number> {
        counts.invocations += 1;
        const death = Promise.withResolvers<never>();
        die = () => death.reject(new Killed());
        const mayDie = die;
        const own = { unread: false };
        const work = async () => {
          if ((await authenticate(header)) !== 'authenticated') return 401;
          const acceptance = await acceptDelivery(body, {
            environment: 'sandbox',
            clock,
            observer: quietObserver,
            queue: {
              send: (message) => faulty('sqs', mayDie, () => queue.send(message)),
            },
            ledger: {
              find: (eventId) =>
                faulty('dynamodb', mayDie, () => ledger.find(eventId)).catch((error: unknown) => {
                  own.unread = true;
                  throw error;
                }),
              record: (event, receivedAt) =>
                faulty('dynamodb', mayDie, () => {
                  inLedger.add(event.id);
                  return ledger.record(event, receivedAt);
                }),
            },
            quarantine: { keep: (message) => faulty('sqs', mayDie, () => quarantine.keep(message)) },
          });
          return acceptance === 'unavailable' ? 503 : 200;
        };
        death.promise.catch(() => {});
        return Promise.race([invocation.run(own, work), death.promise]);
      },
    };
  }

  function noteSent({ id }: WebhookEvent): void {
    if (sent.has(id)) counts[inLedger.has(id) && !invocation.getStore()?.unread ? 'twiceOther' : 'twiceNamed'] += 1;
    sent.add(id);
  }

  const workerCall = <Result>(call: () => Promise<Result>) =>
    out.has('dynamodb') ? Promise.reject(new Error('ThrottlingException')) : call();

  // Lambda gives a container one request at a time; of those that are free any may get it.
  const free: ReturnType<typeof container>[] = [];
  return {
    counts,
    out,
    queue,
    quarantine,
    sent,
    /** The ledger as the worker sees it: it fails, too, and what it writes is known to intake. */
    workerLedger: {
      history: (event: WebhookEvent) => workerCall(() => ledger.history(event)),
      markHandled: (subject: Subject, handledAt: number, tried?: TryRecord) =>
        workerCall(() => {
          inLedger.add(subjectId(subject));
          return ledger.markHandled(subject, handledAt, tried);
        }),
      tries: (subject: Subject) => workerCall(() => ledger.tries(subject)),
      keepTries: (subject: Subject, tried: TryRecord) =>
        workerCall(() => {
          inLedger.add(subjectId(subject));
          return ledger.keepTries(subject, tried);
        }),
      recordFailure: (subject: Subject, tried: TryRecord, deadLettered?: DeadLettered) =>
        workerCall(() => {
          inLedger.add(subjectId(subject));
          return ledger.recordFailure(subject, tried, deadLettered);
        }),
      health: (key: string) => workerCall(() => ledger.health(key)),
      noteHealth: (key: string, health: KeyHealth) => workerCall(() => ledger.noteHealth(key, health)),
    },
    /** Delivers to a free container, else to a cold one; one that dies is gone. @returns a status; 0 when there was none */
    async deliver(header: string | undefined, body: Uint8Array): Promise<number> {
      const taken = free.splice(randomness.below(free.length + 1), 1)[0] ?? container();
      try {
        const status = await taken.invoke(header, body);
        free.push(taken);
        return status;
      } catch (error) {
        if (error instanceof Killed) return 0;
        free.push(taken);
        return 500;
      }
    },
  };
}
