import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../lib/local/event-outcome.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';

describe('what became of an event that was sent', () => {
  const failed = { event: 'event.failed', eventId: '01A', errorName: 'TypeError', stack: 'at onEvent (index.mjs:1:1)' };
  const logOf = (...texts: string[]) => {
    const log = new LogWatch();
    for (const text of texts) log.take({ functionName: 'worker', stream: 'stdout', text });
    return log;
  };
  const never = async () => undefined;

  it('is the worker’s mark, whatever the handler logs', async () => {
    const handled = { handledAt: 1, event: { resourceName: 'RFIs', resourceId: '1' } };
    const marks = [undefined, undefined, handled];
    expect(await outcomeOf('01A', async () => marks.shift(), logOf(), { seconds: 20, initErrors: 0 })).toEqual({
      outcome: 'handled',
      ...handled,
    });
  });

  it('is at once that the handler threw, what and where', async () => {
    const log = logOf(JSON.stringify({ ...failed, eventId: '01B' }), JSON.stringify(failed));
    expect(await outcomeOf('01A', never, log, { seconds: 20, initErrors: 0 })).toEqual({
      outcome: 'failed',
      errorName: 'TypeError',
      where: 'at onEvent (index.mjs:1:1)',
    });
  });

  it('is at once that the handler’s file cannot be loaded', async () => {
    const text = '{"errorType":"Error","errorMessage":"no"}';
    expect(
      await outcomeOf('01A', never, logOf('Init Error\told', `Init Error\t${text}`), { seconds: 20, initErrors: 1 }),
    ).toEqual({ outcome: 'not_loaded', text });
  });

  it('is that it is not finished when the time is over', async () => {
    expect(
      await outcomeOf('01A', never, logOf(JSON.stringify({ ...failed, eventId: '01B' })), {
        seconds: 0.05,
        initErrors: 0,
      }),
    ).toEqual({
      outcome: 'unfinished',
    });
  });
});
