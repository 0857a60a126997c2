import { describe, expect, it } from 'vitest';
import type { Hook, HooksApi, StoredTrigger } from '../../functions/webhook/hooks-api.ts';
import { keepHook, wantedTriggers } from '../../functions/webhook/keep-hook.ts';
import { fingerprint, type SubscribedHook } from '../../functions/webhook/subscription.ts';
import { memoryPort, untilReturn } from '../memory/port.ts';
import { sampleSubscription } from './sample-subscription.ts';

const authorization = 'the-value-of-the-header-ends-in-12345';
const subscription = sampleSubscription({ updatedAt: 100 });
const projectId = '23498237';
const fields = {
  payloadVersion: subscription.payloadVersion,
  namespace: subscription.namespace,
  destinationUrl: subscription.destinationUrl,
  authorization: `Bearer ${authorization}`,
};
const triggers: readonly StoredTrigger[] = [
  { id: 't1', resourceName: 'RFIs', action: 'create' },
  { id: 't2', resourceName: 'RFIs', action: 'update' },
];
const listed = (otherwise: Partial<Hook> = {}): Hook => ({
  id: 'h1',
  status: 'active',
  payloadVersion: fields.payloadVersion,
  namespace: fields.namespace,
  destinationUrl: fields.destinationUrl,
  authorization: '*******12345',
  triggerCount: 2,
  projectId,
  ...otherwise,
});
const stored = (otherwise: Partial<SubscribedHook> = {}): SubscribedHook => ({
  hookId: 'h1',
  projectId,
  authorization: fingerprint(authorization),
  authorizedAt: 50,
  checkedAt: 101,
  ...otherwise,
});

/** Keeps a project's hook before a Procore that has these hooks and triggers. */
async function keep({
  hooks = [listed()] as readonly Hook[],
  known = stored() as SubscribedHook | null,
  has = triggers as readonly StoredTrigger[],
  keepsTriggers = true,
} = {}) {
  const changes: unknown[][] = [];
  let lookedAtTriggers = 0;
  let present = has;
  const api: Pick<HooksApi, 'listHooks' | 'createHook' | 'changeHook' | 'deleteHook'> &
    Pick<HooksApi, 'listTriggers' | 'createTriggers' | 'deleteTriggers'> = {
    listHooks: async () => hooks,
    async createHook(...parameters) {
      changes.push(['createHook', ...parameters]);
      return listed({ id: 'new', triggerCount: 0 });
    },
    changeHook: async (...parameters) => void changes.push(['changeHook', ...parameters]),
    deleteHook: async (...parameters) => void changes.push(['deleteHook', ...parameters]),
    async listTriggers() {
      lookedAtTriggers += 1;
      return present;
    },
    async createTriggers(...parameters) {
      changes.push(['createTriggers', ...parameters]);
      const made = parameters[2].map((trigger, index) => ({ ...trigger, id: `made-${index}` }));
      if (keepsTriggers) present = [...present, ...made];
    },
    deleteTriggers: async (...parameters) => void changes.push(['deleteTriggers', ...parameters]),
  };
  const unused = () => Promise.reject(new Error('is not asked for a hook'));
  const dependencies = {
    api: memoryPort('hooks api', {
      ...api,
      catalogue: unused,
      listProjects: unused,
      deliveries: () => {
        throw new Error('are not asked for a hook');
      },
    }),
    authorization,
    clock: () => 200,
  };
  const kept = await untilReturn(() => keepHook(subscription, projectId, known ?? undefined, dependencies));
  return { ...kept, changes, lookedAtTriggers };
}

describe('a hook that is as it should be', () => {
  it('is left alone, and its triggers are not listed', async () => {
    expect(await keep()).toEqual({
      hook: stored({ checkedAt: 200 }),
      repairs: [],
      changes: [],
      lookedAtTriggers: 0,
    });
  });

  it.each<[string, Parameters<typeof keep>[0]]>([
    ['Procore counts other triggers', { hooks: [listed({ triggerCount: 3 })] }],
    ['Procore does not say how many triggers it has', { hooks: [listed({ triggerCount: undefined })] }],
    ['it was last looked at when what is wanted changed', { known: stored({ checkedAt: 100 }) }],
    ['it is not stored yet', { known: null }],
  ])('has its triggers listed when %s', async (_, about) => {
    expect(await keep(about)).toMatchObject({ repairs: [], changes: [], lookedAtTriggers: 1 });
  });

  it('keeps the time up to which its lost deliveries were taken in', async () => {
    expect((await keep({ known: stored({ recoveredAt: 70 }) })).hook).toEqual(
      stored({ checkedAt: 200, recoveredAt: 70 }),
    );
    expect((await keep()).hook).not.toHaveProperty('recoveredAt');
  });

  it('counts as authorized now when it was not stored', async () => {
    expect((await keep({ known: null })).hook).toEqual(stored({ authorizedAt: 200, checkedAt: 200 }));
  });
});

describe('a hook that differs', () => {
  const changed = ['changeHook', projectId, 'h1', { ...fields, status: 'active' }];
  it.each<[string, Parameters<typeof keep>[0], string[], number]>([
    ['disabled', { hooks: [listed({ status: 'disabled' })] }, ['activated'], 50],
    ['sent elsewhere', { hooks: [listed({ destinationUrl: 'https://elsewhere.example' })] }, ['redirected'], 50],
    ['in another payload version', { hooks: [listed({ payloadVersion: 'v2.0' })] }, ['redirected'], 50],
    ['with a header that ends otherwise', { hooks: [listed({ authorization: '***12346' })] }, ['reauthorized'], 200],
    ['with no header', { hooks: [listed({ authorization: null })] }, ['reauthorized'], 200],
    ['with a header that we replaced', { known: stored({ authorization: 'of another' }) }, ['reauthorized'], 200],
    [
      'in everything',
      { hooks: [listed({ status: 'disabled', destinationUrl: 'https://elsewhere.example', authorization: '*' })] },
      ['activated', 'redirected', 'reauthorized'],
      200,
    ],
  ])('is put right in one call: %s', async (_, about, repairs, authorizedAt) => {
    const kept = await keep(about);
    expect(kept).toMatchObject({ repairs, changes: [changed] });
    expect(kept.hook).toEqual(stored({ authorizedAt, checkedAt: 200 }));
  });

  it('is not taken for stale because another hook is stored with another header', async () => {
    const known = stored({ hookId: 'gone', authorization: 'of another' });
    expect(await keep({ known })).toMatchObject({ repairs: [], changes: [['deleteHook', projectId, 'gone']] });
  });
});

describe('a hook that is not there', () => {
  it('is made with its triggers', async () => {
    const { hook, repairs, changes } = await keep({ hooks: [], known: null, has: [] });
    expect(repairs).toEqual(['created', 'triggers_added']);
    expect(changes).toEqual([
      ['createHook', projectId, fields],
      ['createTriggers', projectId, 'new', triggers.map(({ id: _, ...trigger }) => trigger)],
    ]);
    expect(hook).toEqual(stored({ hookId: 'new', authorizedAt: 200, checkedAt: 200 }));
  });

  it('is made although hooks of others are there, and those are left alone', async () => {
    const others = [
      listed({ id: 'o1', namespace: 'another' }),
      listed({ id: 'o2', destinationUrl: 'https://other.example' }),
    ];
    const { repairs, changes } = await keep({ hooks: others, known: null });
    expect(repairs).toEqual(['created']);
    expect(changes).toEqual([['createHook', projectId, fields]]);
  });

  it('takes the place of the stored one, which is deleted in case it has another namespace', async () => {
    const { changes } = await keep({ hooks: [], known: stored({ hookId: 'gone' }) });
    expect(changes).toEqual([
      ['createHook', projectId, fields],
      ['deleteHook', projectId, 'gone'],
    ]);
  });
});

describe('several hooks of ours', () => {
  const double = [listed({ id: 'first' }), listed({ id: 'h1' }), listed({ id: 'third' })];

  it('become the stored one', async () => {
    const { hook, changes } = await keep({ hooks: double });
    expect(hook.hookId).toBe('h1');
    expect(changes).toEqual([
      ['deleteHook', projectId, 'first'],
      ['deleteHook', projectId, 'third'],
    ]);
  });

  it('become the first one when none is stored', async () => {
    const { hook, changes } = await keep({ hooks: double, known: null });
    expect(hook.hookId).toBe('first');
    expect(changes).toEqual([
      ['deleteHook', projectId, 'h1'],
      ['deleteHook', projectId, 'third'],
    ]);
  });
});

describe('the triggers of a hook', () => {
  const differing = { known: null } as const;

  it('that are missing are added, and that is checked', async () => {
    const result = await keep({ ...differing, has: triggers.slice(0, 1) });
    expect(result.repairs).toEqual(['triggers_added']);
    expect(result.changes).toEqual([['createTriggers', projectId, 'h1', [{ resourceName: 'RFIs', action: 'update' }]]]);
    expect(result.lookedAtTriggers).toBe(2);
  });

  it('that are not wanted, or there twice, are deleted', async () => {
    const superfluous: readonly StoredTrigger[] = [
      { id: 't3', resourceName: 'RFIs', action: 'delete' },
      { id: 't4', resourceName: 'Bids', action: 'create' },
      { id: 't5', resourceName: 'RFIs', action: 'create' },
    ];
    const result = await keep({ ...differing, has: [...triggers, ...superfluous] });
    expect(result.repairs).toEqual(['triggers_removed']);
    expect(result.changes).toEqual([['deleteTriggers', projectId, 'h1', ['t3', 't4', 't5']]]);
    expect(result.lookedAtTriggers).toBe(1);
  });

  it('with an action that we do not know stay: nobody knows what they are for', async () => {
    const unknown: StoredTrigger = { id: 't3', resourceName: 'RFIs', action: 'archive' };
    const result = await keep({ ...differing, has: [...triggers, unknown, unknown] });
    expect([result.repairs, result.changes]).toEqual([[], []]);
  });

  it('that Procore accepts and does not keep are named in an error', async () => {
    await expect(keep({ ...differing, has: [], keepsTriggers: false })).rejects.toMatchObject({
      code: 'trigger_not_kept',
      message:
        'Procore did not keep these triggers of hook h1: RFIs:create, RFIs:update. Look at them in ' +
        "Procore's Admin tool.",
    });
  });

  it('are those of the company for its hook, and those of the project for a project’s', () => {
    expect(wantedTriggers(subscription, null)).toEqual([
      { resourceName: 'Company Users', action: 'create' },
      { resourceName: 'Company Users', action: 'update' },
    ]);
    expect(wantedTriggers(subscription, projectId)).toEqual([
      { resourceName: 'RFIs', action: 'create' },
      { resourceName: 'RFIs', action: 'update' },
    ]);
  });
});
