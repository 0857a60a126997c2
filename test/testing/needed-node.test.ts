import { afterEach, describe, expect, it, vi } from 'vitest';
import { sampleEvent } from '../../lib/testing/sample-event.ts';
import { startProcore } from '../../lib/testing/start-procore.ts';
import { runEvent } from '../../lib/testing/test-worker.ts';

afterEach(() => vi.restoreAllMocks());
const on = (node: string) => vi.spyOn(process, 'versions', 'get').mockReturnValue({ ...process.versions, node });

describe('a test on an old Node', () => {
  it('is told which Node it needs, before anything is missing somewhere in the worker', async () => {
    on('20.19.5');
    const refusal = {
      code: 'node_too_old',
      message: expect.stringContaining('needs Node 22 or newer, and this is Node 20.19.5'),
    };
    await expect(async () => runEvent(async () => {}, sampleEvent('RFIs', 'update'))).rejects.toMatchObject(refusal);
    await expect(startProcore()).rejects.toMatchObject(refusal);
  });

  it.each(['22.0.0', '24.5.0', '100.0.0'])('runs on Node %s', async (node) => {
    on(node);
    expect(await runEvent(async () => {}, sampleEvent('RFIs', 'update'))).toMatchObject({ outcome: 'handled' });
  });
});
