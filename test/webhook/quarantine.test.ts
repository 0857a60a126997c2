import { describe, expect, it } from 'vitest';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';

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
