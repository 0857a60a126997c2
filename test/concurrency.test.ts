import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountLimitKey,
  type ConcurrencyPlan,
  describePlan,
  type EnvironmentDemand,
  executionsOf,
  fullShare,
  leftToIntake,
  planConcurrency,
  planForAccount,
  readAccountLimit,
} from '../lib/concurrency.ts';

const limitOf = (concurrentExecutions: number, unreserved = concurrentExecutions) => {
  return { concurrentExecutions, unreserved };
};
const environment = (name = 'sandbox', workerConcurrency = 10, worker = true): EnvironmentDemand => {
  return { name, worker, workerConcurrency };
};
/** What a new account has room for. */
const least = { worker: 2, accessTokenCalls: 1, rotation: 2, recovery: 'scheduled', companyWork: 'scheduled' };
const both = [environment('sandbox'), environment('production')];

/** Any account, and any environments in it. */
const accounts = fc
  .tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 3000 }))
  .map(([limit, reserved]) => limitOf(limit, Math.max(0, limit - reserved)));
const demands = fc.array(
  fc.record({ name: fc.string(), worker: fc.boolean(), workerConcurrency: fc.integer({ min: 2, max: 1000 }) }),
  { minLength: 1, maxLength: 8 },
);

/** The largest sum that the event sources, what they call and the schedules of a plan can make. */
function mostOf({ environments }: ConcurrencyPlan) {
  return environments.reduce(
    (sum, { worker, accessTokenCalls, rotation, recovery, companyWork }) =>
      sum +
      worker +
      worker * accessTokenCalls +
      rotation +
      (recovery === 'scheduled' ? 0 : recovery) +
      (companyWork === 'scheduled' ? 0 : 2 * companyWork),
    0,
  );
}

describe('what an account can run', () => {
  it('leaves webhook-intake a tenth, and three executions at least, in every account that holds its environments', () => {
    fc.assert(
      fc.property(accounts, demands, (limit, environments) => {
        const plan = planConcurrency(limit, environments);
        if (!plan.fits) return;
        expect(leftToIntake(limit.concurrentExecutions)).toBe(Math.max(3, Math.ceil(limit.concurrentExecutions / 10)));
        expect(plan.executions + leftToIntake(limit.concurrentExecutions)).toBeLessThanOrEqual(limit.unreserved);
        // What is scheduled is at least one execution of each environment.
        expect(mostOf(plan) + environments.length).toBeLessThanOrEqual(plan.executions);
        expect(plan.left).toBe(limit.unreserved - plan.executions);
      }),
    );
  });

  it('counts no execution of an environment twice, and none too few', () => {
    fc.assert(
      fc.property(accounts, demands, (limit, environments) => {
        const plan = planConcurrency(limit, environments);
        const counted = [false, true].map((together) =>
          plan.environments.reduce((sum, share) => sum + executionsOf(share, together), 0),
        );
        expect(counted).toContain(plan.executions);
      }),
    );
  });

  it('gives nobody more than was asked for, and nobody less than AWS takes', () => {
    fc.assert(
      fc.property(accounts, demands, (limit, environments) => {
        planConcurrency(limit, environments).environments.forEach((share, index) => {
          const asked = environments[index];
          expect(share.name).toBe(asked?.name);
          expect(share.worker).toBeLessThanOrEqual(asked?.worker ? asked.workerConcurrency : 0);
          expect(share.worker).toBeGreaterThanOrEqual(asked?.worker ? 2 : 0);
          expect(share.rotation).toBeGreaterThanOrEqual(2);
          expect(share.accessTokenCalls).toBeGreaterThanOrEqual(1);
          expect(['scheduled', 2]).toContain(share.recovery);
          expect(['scheduled', 2, 4]).toContain(share.companyWork);
        });
      }),
    );
  });

  it('fits from the limit on that it names, and holds nothing back from the other one on', () => {
    fc.assert(
      fc.property(demands, (environments) => {
        const { limitThatFits, limitInFull } = planConcurrency(limitOf(0), environments);
        const at = (limit: number) => planConcurrency(limitOf(limit), environments);
        expect([at(limitThatFits - 1).fits, at(limitThatFits).fits]).toEqual([false, true]);
        expect([at(limitInFull - 1).isFull, at(limitInFull).isFull]).toEqual([false, true]);
      }),
    );
  });

  it('never gives less for a higher limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), demands, (limit, environments) => {
        const [less, more] = [limit, limit + 1].map((each) => planConcurrency(limitOf(each), environments));
        expect(more?.executions).toBeGreaterThanOrEqual(less?.executions ?? 0);
      }),
    );
  });

  it('has room for one environment at the limit of a new account, escrow and company work by schedule, and for no second one', () => {
    const plan = planConcurrency(limitOf(10), [environment()]);
    expect(plan).toMatchObject({ fits: true, executions: 7, left: 3, limitThatFits: 10 });
    expect(plan.environments).toEqual([{ ...least, name: 'sandbox', askedOfWorker: 10 }]);
    expect(planConcurrency(limitOf(10), both)).toMatchObject({ fits: false, limitThatFits: 17 });
  });

  it('has room for all that was asked for at the limit that most accounts have', () => {
    const plan = planConcurrency(limitOf(1000), both);
    expect(plan).toMatchObject({ fits: true, isFull: true, executions: 254, limitInFull: 283 });
    expect(plan.environments).toEqual(both.map(({ name }) => ({ name, askedOfWorker: 10, worker: 10, ...fullShare })));
  });

  it('takes from calls first, then from rotations, then from the worker, and escrow and company work last', () => {
    const at = (limit: number) => planConcurrency(limitOf(limit), [environment()]).environments[0];
    expect(at(60)).toEqual({
      name: 'sandbox',
      askedOfWorker: 10,
      worker: 10,
      accessTokenCalls: 2,
      rotation: 5,
      recovery: 2,
      companyWork: 4,
    });
    expect(at(34)).toEqual({
      name: 'sandbox',
      askedOfWorker: 10,
      worker: 10,
      accessTokenCalls: 1,
      rotation: 2,
      recovery: 2,
      companyWork: 2,
    });
    expect(at(23)).toEqual({
      name: 'sandbox',
      askedOfWorker: 10,
      worker: 5,
      accessTokenCalls: 1,
      rotation: 2,
      recovery: 2,
      companyWork: 2,
    });
    expect(at(13)).toEqual({
      name: 'sandbox',
      askedOfWorker: 10,
      ...least,
    });
  });

  it('takes off what other functions have reserved for themselves', () => {
    expect(planConcurrency(limitOf(1000, 100), both)).toMatchObject({ fits: false, limitThatFits: 1016 });
    expect(planConcurrency(limitOf(1000, 200), both)).toMatchObject({ fits: true, isFull: false });
  });
});

describe('what is said about it', () => {
  const said = (limit: number, environments: readonly EnvironmentDemand[]) =>
    describePlan(planConcurrency(limitOf(limit), environments), 'eu-central-1');

  it('is nothing when nothing is held back', () => {
    expect(said(1000, both)).toEqual([]);
  });

  it('is what runs less at once, and the command that asks AWS for more', () => {
    expect(said(10, [environment()])).toEqual([
      'AWS lets this account run 10 functions at once in eu-central-1.',
      'So that our own functions never keep webhooks waiting, less runs at once than was asked for:',
      '  sandbox: 2 batches of events in hand (10 asked for), 2 batches of rotations (5 otherwise), the escrow looked into every minute, company-wide work every minute',
      'With 142 nothing has to be held back. This command asks AWS for more:',
      '  aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region eu-central-1',
      'Deploy again when AWS has granted it.',
    ]);
  });

  it('is that it is too little, and what would be enough, when not even the least fits', () => {
    const lines = said(10, both);
    expect(lines[1]).toBe(
      'That is too little for sandbox, production: they need 17, or webhooks may be answered with 503. Deploy fewer environments into this account, or ask AWS for more.',
    );
    expect(lines.join('\n')).toContain('--desired-value 1000');
  });

  it('asks for what is needed where that is more than usual, and names what is reserved', () => {
    const environments = [environment('sandbox', 500)];
    const plan = planConcurrency(limitOf(1000, 900), environments);
    const lines = describePlan(plan, 'us-east-1').join('\n');
    expect(lines).toContain('run 1000 functions at once in us-east-1, 100 of them reserved by functions.');
    expect(lines).toContain(`--desired-value ${plan.limitInFull} `);
    expect(plan.limitInFull).toBeGreaterThan(5500);
  });
});

describe('what is remembered of an account', () => {
  it('has a key for each account and region', () => {
    expect(accountLimitKey('111122223333', 'eu-central-1')).toBe(
      'procore-connector:lambda-concurrency:account=111122223333:region=eu-central-1',
    );
  });

  it.each([
    [undefined],
    [null],
    [10],
    ['10'],
    [{}],
    [{ concurrentExecutions: 10 }],
    [{ concurrentExecutions: -1, unreserved: 1 }],
  ])('is nothing when %j stands there', (value) => {
    expect(readAccountLimit(value)).toBeUndefined();
  });

  it('is the limit and what of it is not reserved', () => {
    expect(readAccountLimit({ concurrentExecutions: 1000, unreserved: 900 })).toEqual(limitOf(1000, 900));
  });
});

describe('the account of a stack', () => {
  const stack = (account: string, name: string, region = 'us-east-1') => ({
    account,
    region,
    environments: [environment(name)],
  });
  const stacks = [
    stack('1', 'sandbox'),
    stack('1', 'production'),
    stack('2', 'federal'),
    stack('1', 'far', 'eu-west-1'),
  ];
  const context = (key: string) => (key === accountLimitKey('1', 'us-east-1') ? limitOf(20) : undefined);
  const namesOf = (of: (typeof stacks)[number] | undefined) =>
    of && planForAccount(of, stacks, context)?.environments.map(({ name }) => name);

  it('is shared out among all stacks in it, and with none of another account or region', () => {
    expect(namesOf(stacks[0])).toEqual(['sandbox', 'production']);
    expect(namesOf(stacks[1])).toEqual(['sandbox', 'production']);
  });

  it('is not shared out when nothing is known of it', () => {
    expect(namesOf(stacks[2])).toBeUndefined();
    expect(namesOf(stacks[3])).toBeUndefined();
  });
});
