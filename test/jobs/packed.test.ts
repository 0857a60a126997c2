import { randomBytes } from 'node:crypto';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { mostUnpackedBytes } from '../../functions/decompress.ts';
import { pack, unpack } from '../../functions/jobs/packed.ts';
import { beginRound, nothingRead, type ReconcileMemory } from '../../functions/webhook/reconcile-round.ts';
import type { ReconcileWish } from '../../functions/webhook/subscription.ts';
import { Choices } from '../simulation/choices.ts';

/** Ids as Procore gives them, in no order. */
function someProjects(count: number): readonly string[] {
  const choices = Choices.seeded(7);
  const ids = new Set<string>();
  while (ids.size < count)
    ids.add(String(1_000_000 + Math.floor(choices.fraction() * 65_536) * 137 + (ids.size % 137)));
  return [...ids];
}

/** A reconciliation in the midst of a round, after rounds in which many lists could not be read. */
function memoryOf(projects: readonly string[], lists: number): ReconcileMemory {
  const names = Array.from({ length: lists }, (_, index) => `List ${index}`);
  const wish: ReconcileWish = {
    hours: 24,
    lists: names.map((name) => ({ name, path: '/rest/v1.0/projects/{project_id}/x', level: 'project' })),
  };
  const behind = Object.fromEntries(projects.map((id, index) => [id, { since: 1_800_000_000 + 86_400 * (index % 3) }]));
  const kept = Object.fromEntries(names.map((name) => [name, { until: 1_800_000_000, behind }]));
  return beginRound({ ...nothingRead, lists: kept, projects }, wish, projects, 1_800_300_000);
}

describe('what is packed of a job', () => {
  it.each([null, { page: 1 }, 'x'.repeat(1_000_000)])(
    'is gzip as long as that is enough, which every version reads',
    (json) => {
      const packed = pack(json, 'checkpoint');
      expect(JSON.parse(gunzipSync(packed).toString())).toEqual(json);
      expect(unpack(packed)).toEqual(json);
    },
  );

  it('has room for a reconciliation of 12,000 projects, with five lists of which none could be read', () => {
    const memory = memoryOf(someProjects(12_000), 5);
    const packed = pack(memory, 'checkpoint');
    expect(packed.length).toBeLessThan(250_000);
    expect(unpack(packed)).toEqual(memory);
  });

  it('does not fill the memory when something else was stored that grows beyond what we write', () => {
    const bomb = JSON.stringify(' '.repeat(mostUnpackedBytes));
    const refused = expect.objectContaining({ code: 'unpacked_too_large', message: expect.stringContaining('a job') });
    expect(() => unpack(gzipSync(bomb))).toThrow(refused);
    expect(() => unpack(Buffer.concat([Buffer.of(1), brotliCompressSync(bomb)]))).toThrow(refused);
    expect(() => unpack(Buffer.from('no gzip'))).toThrow('incorrect header check');
  });

  it('is not written when it could not be read again', () => {
    expect(() => pack(' '.repeat(mostUnpackedBytes), 'checkpoint')).toThrow(
      /^A job's checkpoint takes 33554434 bytes when it is unpacked; at most 33554432 are kept/,
    );
    const most = ' '.repeat(mostUnpackedBytes - 2);
    expect(unpack(pack(most, 'checkpoint'))).toBe(most);
  });

  it('is refused with what it is and how much it takes', () => {
    const random = randomBytes(260_000).toString('base64');
    expect(() => pack(random, 'checkpoint')).toThrow(
      /^A job's checkpoint takes \d{6} bytes .* at most 250000 are kept/,
    );
    expect(() => pack(random.slice(0, 150_000), 'request')).toThrow(/at most 100000/);
  });
});
