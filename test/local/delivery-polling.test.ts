import { expect, it } from 'vitest';
import type { ExactJson } from '../../functions/procore/exact-json.ts';
import { type PollingDependencies, pollDeliveries } from '../../lib/local/delivery-polling.ts';
import { sampleTime } from '../webhook/sample-events.ts';
import { sampleSubscription } from '../webhook/sample-subscription.ts';

const hook = { hookId: '7', projectId: null, authorization: '', authorizedAt: 0, checkedAt: 0 };
const payload = (id: string, second = 0): ExactJson => ({
  id,
  timestamp: `2025-02-06T23:34:${String(second).padStart(2, '0')}Z`,
  reason: 'update',
  company_id: '5358233',
  user_id: '1',
  resource_type: 'Company Users',
  resource_id: '9223372036854775783',
});

/** Polls so many rounds of lists that a test gives, each list one round's. */
async function poll(
  rounds: readonly (readonly { id: string; payload: ExactJson }[] | Error)[],
  otherwise: Partial<PollingDependencies> & { readonly callsARound?: number } = {},
) {
  const [delivered, said, waits, days] = [[] as string[], [] as string[], [] as number[], [] as string[]];
  const { callsARound = 1, ...dependencies } = otherwise;
  let round = 0;
  let calls = 0;
  const ended = pollDeliveries({
    subscriptions: async () => [sampleSubscription({ hooks: [hook] })],
    hooksOf: () => ({
      async *deliveries(_projectId, _hookId, { status, startDay }) {
        expect(status).toBeUndefined();
        days.push(startDay);
        calls += callsARound;
        const list = rounds[round] ?? [];
        if (list instanceof Error) throw list;
        for (const delivery of list) yield { ...delivery, status: '' };
      },
    }),
    callsMade: () => calls,
    deliver: async (body) => {
      delivered.push(JSON.parse(body).id);
      return 200;
    },
    hourlyLimit: async () => 3600,
    clock: () => sampleTime + 30 * 3600 * (round + 1),
    sleep: async (milliseconds) => {
      waits.push(milliseconds / 1000);
      round += 1;
      if (round === rounds.length) throw new Error('the end');
    },
    say: (text) => said.push(text),
    ...dependencies,
  });
  await expect(ended).rejects.toThrow('the end');
  return { delivered, said, waits, days };
}

it('delivers what is listed once, in the order of the events, whatever the order and the status of the list', async () => {
  const list = [
    { id: '3', payload: payload('c', 3) },
    { id: '1', payload: payload('a', 1) },
  ];
  const more = [...list, { id: '2', payload: payload('b', 2) }];
  const { delivered, said } = await poll([list, list, more]);
  expect(delivered).toEqual(['a', 'c', 'b']);
  expect(said).toEqual([
    'Fetched 2 deliveries of hook 7.',
    'Procore is asked every 5 s for the deliveries of 1 hook.',
    'Fetched 1 delivery of hook 7.',
  ]);
});

it('passes over a delivery without a payload until it has one', async () => {
  const { delivered } = await poll([[{ id: '1', payload: null }], [{ id: '1', payload: payload('a') }]]);
  expect(delivered).toEqual(['a']);
});

it('tries a delivery again that our webhook URL has not acknowledged, and says so once', async () => {
  const tried: string[] = [];
  const deliver = async (body: string) => {
    tried.push(body);
    return tried.length < 3 ? 503 : 200;
  };
  const list = [{ id: '1', payload: payload('a') }];
  const { said } = await poll([list, list, list, list], { deliver });
  expect(tried).toHaveLength(3);
  expect(said.filter((text) => text.includes('could not be fetched'))).toEqual([
    'The deliveries of hook 7 could not be fetched: our webhook URL answers 503.',
  ]);
  expect(said).toContain('Fetched 1 delivery of hook 7.');
});

it('goes on after Procore has refused, and asks for the days since it last answered', async () => {
  const { days, said } = await poll([[], new Error('status 503'), [], []]);
  // From the subscription on, then from the last good round, each with 14 hours for other time zones.
  expect(days).toEqual(['2025-02-06', '2025-02-07', '2025-02-07', '2025-02-10']);
  expect(said.filter((text) => text.includes('status 503'))).toHaveLength(1);
});

it.each([
  [1, 3600, 5],
  [20, 3600, 40],
  [20, 600, 240],
  [3, undefined, 36],
])(
  'of %i calls a round and %j an hour, waits %i s: half of the limit is for others',
  async (callsARound, limit, wait) => {
    const { waits } = await poll([[]], { callsARound, hourlyLimit: async () => limit });
    expect(waits).toEqual([wait]);
  },
);

it('asks Procore nothing while nothing is subscribed, and outlives a store that fails', async () => {
  const { waits, said } = await poll([[], []], {
    subscriptions: () => Promise.reject(new Error('no table')),
    hourlyLimit: () => Promise.reject(new Error('no table')),
  });
  expect(waits).toEqual([5, 5]);
  expect(said[0]).toContain('no table');
});
