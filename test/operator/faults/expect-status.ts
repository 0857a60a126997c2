import { expect } from 'vitest';
import type { FaultWorld, Status } from './fault-world.ts';
import type { Fault } from './faults.ts';

/** Looks again and again, for what the worker, or Procore, does in its own time. */
const soon = { timeout: 60_000, interval: 300 };

/** Expects that `procore status` names a planted fault first or second, with what to do. */
export async function expectStatusToTell(world: FaultWorld, fault: Fault): Promise<void> {
  const { code, says, isOfBudget, isShort } = fault;
  let seen: Status | undefined;
  const worst = async () => {
    if (!isOfBudget) await world.refresh();
    if (isShort) await fault.plant(world);
    seen = await world.status();
    return seen.problems.slice(0, 2).map((problem) => problem.code);
  };
  await expect.poll(worst, soon).toContain(code);
  expect(seen?.exitCode).toBe(1);
  const told = seen?.problems.find((problem) => problem.code === code);
  for (const piece of says) expect(`${told?.what} ${told?.remedy}`).toMatch(piece);
}
