import { expect, it } from 'vitest';
import { type Quarantine, quarantineMessage } from '../../functions/webhook/quarantine.ts';
import type { QuarantineReader } from '../../lib/operator/quarantine.ts';

/** What every quarantine must do; `makeQuarantine` gives an empty one. */
export function quarantineContract(makeQuarantine: () => Promise<Quarantine & QuarantineReader>): void {
  const message = (...bytes: number[]) => quarantineMessage(Uint8Array.of(...bytes), 'invalid_utf8', 5);

  it('keeps a body of any bytes, and cuts one that is too long', async () => {
    const quarantine = await makeQuarantine();
    expect(await quarantine.keep(message(0, 255, 7))).toBe('kept');
    expect(await quarantine.keep(quarantineMessage(new Uint8Array(6_000_000), 'oversize', 5))).toBe('kept');
    const kept = (await Promise.all([quarantine.receive(), quarantine.receive()])).flat();
    const [long, small] = kept.toSorted((one, other) => other.bytes - one.bytes);
    expect(small).toEqual({ ...message(0, 255, 7), messageId: expect.any(String), receipt: expect.any(String) });
    expect([...Buffer.from(small?.bodyBase64 ?? '', 'base64')]).toEqual([0, 255, 7]);
    expect(long).toMatchObject({ bytes: 6_000_000, truncated: true, reason: 'oversize' });
  });

  it('tells what it refuses for good', async () => {
    const quarantine = await makeQuarantine();
    const tooLong = { ...message(1), bodyBase64: 'x'.repeat(2_000_000) };
    expect(await quarantine.keep(tooLong)).toBe('refused');
    expect(await quarantine.receive()).toEqual([]);
  });

  it('hides from others what is in hand, and gives back what was not deleted', async () => {
    const quarantine = await makeQuarantine();
    await quarantine.keep(message(1));
    await quarantine.keep(message(2));
    const inHand = (await Promise.all([quarantine.receive(), quarantine.receive()])).flat();
    expect(inHand).toHaveLength(2);
    expect(await quarantine.receive()).toEqual([]);
    const [done, ...rest] = inHand;
    if (done === undefined) throw new Error('nothing in hand');
    await quarantine.delete(done);
    await quarantine.giveBack(rest);
    const again = await quarantine.receive();
    expect(again.map(({ sha256 }) => sha256)).toEqual(rest.map(({ sha256 }) => sha256));
    expect(again.map(({ messageId }) => messageId)).toEqual(rest.map(({ messageId }) => messageId));
  });

  it('gives back what is in hand, though something else is not in hand any more', async () => {
    const quarantine = await makeQuarantine();
    for (let byte = 0; byte < 12; byte++) await quarantine.keep(message(byte));
    const inHand = [...(await quarantine.receive()), ...(await quarantine.receive())];
    const [deleted, ...rest] = inHand;
    if (deleted === undefined) throw new Error('nothing in hand');
    await quarantine.delete(deleted);
    await quarantine.giveBack([deleted, ...rest]);
    const again = [...(await quarantine.receive()), ...(await quarantine.receive())];
    expect(again.map(({ messageId }) => messageId).toSorted()).toEqual(
      rest.map(({ messageId }) => messageId).toSorted(),
    );
  });
}

/** What every quarantine does while it is throttled: it throws, and calls nothing refused. */
export function throttledQuarantineContract(throttled: Quarantine & QuarantineReader): void {
  it('throws at every operation while it is throttled', async () => {
    const message = quarantineMessage(new Uint8Array(1), 'invalid_json', 5);
    const delivery = { ...message, messageId: 'm', receipt: 'r' };
    await expect(throttled.keep(message)).rejects.toThrow();
    await expect(throttled.receive()).rejects.toThrow();
    await expect(throttled.giveBack([delivery])).rejects.toThrow();
    await expect(throttled.delete(delivery)).rejects.toThrow();
  });
}
