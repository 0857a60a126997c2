import { describe, expect, it } from 'vitest';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { untilHandled } from '../../lib/local/main-job.ts';

describe('the main job, waiting for on-event.ts', () => {
  const failed = { event: 'event.failed', eventId: '01A', errorName: 'TypeError', stack: 'at onEvent (index.mjs:1:1)' };

  it('is content with the mark of the worker, whatever on-event.ts logs', async () => {
    const marks = [undefined, undefined, { handledAt: 1 }];
    expect(await untilHandled('01A', async () => marks.shift(), new LogWatch())).toEqual({ handledAt: 1 });
  });

  it('says at once that on-event.ts threw, what and where', async () => {
    const log = new LogWatch();
    log.take({ functionName: 'worker', stream: 'stdout', text: JSON.stringify(failed) });
    const waiting = untilHandled('01A', async () => undefined, log);
    await expect(waiting).rejects.toThrow(/on-event\.ts threw TypeError for event 01A, at onEvent/);
  });
});
