import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rateBudgetStore } from '../../functions/place.ts';
import { appScope } from '../../functions/procore/rate-scope.ts';
import { lineWidth } from '../../lib/operator/table.ts';
import { expectStatusToTell } from './faults/expect-status.ts';
import { type FaultWorld, makeFaultWorld, type Status } from './faults/fault-world.ts';
import { faultNamed, plantedForStatus } from './faults/faults.ts';
import { useOperator } from './operator.ts';

const { procore, sandbox, system } = useOperator();
let world: FaultWorld;

async function look(): Promise<Status> {
  await world.refresh();
  return world.status();
}

/** Looks again and again, for what the worker, or Procore, does in its own time. */
const soon = { timeout: 40_000, interval: 500 };

beforeAll(async () => {
  world = await makeFaultWorld(system(), sandbox(), procore);
  await world.misbehave();
  await world.connect();
  await world.subscribe();
}, 180_000);

afterAll(() => world?.destroy());

describe('status', { timeout: 120_000 }, () => {
  it('says that all is well, on one screen of 80 columns for all environments', async () => {
    await expect.poll(look, soon).toEqual({ exitCode: 0, problems: [] });
    const { out, exitCode } = await procore(['status']);
    expect(exitCode).toBe(0);
    expect(out).toContain('sandbox on this machine');
    expect(out).toContain('production on this machine');
    expect(out).toContain('1 hook of 1 company');
    expect(out.split('\n').length).toBeLessThan(40);
    expect(out.split('\n').filter((line) => line.length > lineWidth)).toEqual([]);
  });

  it.each(plantedForStatus)('names $name first or second, with what to do', async (fault) => {
    await world.refresh();
    const end = await fault.plant(world);
    try {
      await expectStatusToTell(world, fault);
    } finally {
      await end();
    }
    await expect.poll(async () => (await look()).problems, soon).toEqual([]);
  });

  it('hides no connection behind one that cannot be read, nor does the list of them', async () => {
    const end = await faultNamed('a connection that cannot be read').plant(world);
    const listed = await procore(['connections', 'list', '--environment', 'sandbox']);
    await end();
    expect(listed.exitCode).toBe(0);
    expect(listed.out).toMatch(/^connected .* acme /m);
    expect(listed.out.replaceAll(/\s+/g, ' ')).toContain('The stored connection "broken" cannot be read:');
  });

  it('says how long Procore has asked for silence', async () => {
    await look();
    await rateBudgetStore(await world.place(), world.dynamo).pauseUntil(appScope, world.now() + 600, 429);
    expect((await world.status()).problems).toContainEqual(
      expect.objectContaining({ code: 'rate_limited', what: expect.stringContaining('another 10 min') }),
    );
  });

  it('is where doctor begins: it is not green while dead letters pile up', async () => {
    const end = await faultNamed('a dead letter that cannot be read').plant(world);
    await look();
    const { out, exitCode } = await procore(['doctor', 'sandbox']);
    await end();
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^Status: 1 soon\.\n! 1 event was given up/);
    expect(out).toContain('✓ The access token is invalid');
  });

  it('is either watched or read by a program', async () => {
    const { exitCode, out } = await procore(['status', '--watch', '--json']);
    expect(exitCode).toBe(2);
    expect(out).toContain('--watch is for people and --json for programs');
  });

  it('is shown again and again while it is watched, until Ctrl-C', async () => {
    const printed: string[] = [];
    const interruption = new AbortController();
    const screens = () => printed.filter((text) => text.includes('Ctrl-C ends this.'));
    const { exitCode } = await procore(['status', 'sandbox', '--watch'], {
      person: {
        print: (text) => {
          printed.push(text);
          if (screens().length > 1) interruption.abort();
        },
        untilInterrupted: (work) => work(interruption.signal),
      },
    });
    expect(exitCode).toBe(0);
    expect(screens()).toHaveLength(2);
  });
});
