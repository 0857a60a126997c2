import { expect, it } from 'vitest';
import { runFaults } from '../bench/intake/faults.ts';
import { fuzzIntake } from '../bench/intake/fuzz.ts';

// The benchmark `intake` runs the same with 20,000 events and 200,000 requests.

it.each(['one', 'two', 'three'])(
  'loses nothing that was acknowledged, whatever fails or dies (%s)',
  async (seed) => {
    const figures = await runFaults(2000, seed);
    expect(figures).toMatchObject({ sent: 2000, lost: 0, twiceOther: 0 });
    expect(figures.acknowledged).toBeGreaterThan(1900);
    expect(figures.kills).toBeGreaterThan(20);
  },
  30_000,
);

it('answers hostile requests as the table says, and writes none of them down', async () => {
  expect(await fuzzIntake(5000, 'a test')).toMatchObject({
    fuzz5xx: 0,
    fuzzWronglyAccepted: 0,
    fuzzWronglyRefused: 0,
    fuzzLeaks: 0,
  });
});
