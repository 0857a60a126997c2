import { describe, expect, it } from 'vitest';
import { goThroughQuarantine, type QuarantineReader, quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';

describe('the message of a quarantined body', () => {
  it('has 670,000 bytes of it at most, but length and hash of the whole', () => {
    const [whole, cut] = [670_000, 670_001].map((length) =>
      quarantineMessage(new Uint8Array(length).fill(0x78), 'oversize', 7),
    );
    expect(whole).toMatchObject({ reason: 'oversize', receivedAt: 7, bytes: 670_000 });
    expect(whole).not.toHaveProperty('truncated');
    expect(cut).toMatchObject({ bytes: 670_001, truncated: true, bodyBase64: whole?.bodyBase64 });
    expect(cut?.sha256).not.toBe(whole?.sha256);
    expect(Buffer.from(whole?.bodyBase64 ?? '', 'base64').toString()).toBe('x'.repeat(670_000));
  });
});

describe('going through the quarantine', () => {
  async function holding(count: number) {
    const quarantine = memoryQuarantine(() => 0);
    for (let number = 0; number < count; number += 1) {
      await quarantine.keep(quarantineMessage(Buffer.from(String(number)), 'invalid_json', number));
    }
    const left = async () => {
      const all = await goThroughQuarantine(quarantine, async () => 'keep');
      return all.map(({ receivedAt }) => receivedAt).toSorted((one, other) => one - other);
    };
    return { quarantine, left };
  }

  it('shows everything, deletes what is done, and gives the rest back', async () => {
    const { quarantine, left } = await holding(25);
    const seen = await goThroughQuarantine(quarantine, async ({ receivedAt }) => (receivedAt < 23 ? 'done' : 'keep'));
    expect(seen.map(({ receivedAt }) => receivedAt)).toEqual(Array.from({ length: 25 }, (_, index) => index));
    expect(await left()).toEqual([23, 24]);
  });

  it('gives back what was not judged, and what was kept, when the judge fails', async () => {
    const { quarantine, left } = await holding(4);
    const judge = async ({ receivedAt }: { readonly receivedAt: number }) => {
      if (receivedAt === 2) throw new Error('the judge is out');
      return receivedAt === 0 ? 'keep' : 'done';
    };
    const givenBack: number[] = [];
    const watched: QuarantineReader = {
      receive: () => quarantine.receive(),
      delete: (delivery) => quarantine.delete(delivery),
      giveBack(deliveries) {
        givenBack.push(...deliveries.map(({ receivedAt }) => receivedAt));
        return quarantine.giveBack(deliveries);
      },
    };
    await expect(goThroughQuarantine(watched, judge)).rejects.toThrow('the judge is out');
    expect(givenBack).toEqual([0, 2, 3]);
    expect(await left()).toEqual([0, 2, 3]);
  });
});
