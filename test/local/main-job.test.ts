import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../lib/local/event-outcome.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';

describe('what became of an event that was sent', () => {
  const failed = { at: 1, durationMs: 2, outcome: 'failed', errorName: 'TypeError' } as const;
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

  it('is at once that the handler threw, what and where, as the ledger has it', async () => {
    const failures = [undefined, { failed: { ...failed, text: 'no name', frame: 'on-event.ts:3' } }];
    expect(await outcomeOf('01A', async () => failures.shift(), logOf(), { seconds: 20, initErrors: 0 })).toEqual({
      outcome: 'failed',
      errorName: 'TypeError',
      text: 'no name',
      frame: 'on-event.ts:3',
    });
  });

  it('is that the file cannot be loaded, where the ledger says so', async () => {
    const read = async () => ({ failed: { ...failed, errorName: 'OnEventNotLoadedError', text: 'no such module' } });
    expect(await outcomeOf('01A', read, logOf(), { seconds: 20, initErrors: 0 })).toEqual({
      outcome: 'not_loaded',
      text: 'no such module',
    });
  });

  it('is at once that the handler’s file cannot be loaded', async () => {
    const text = '{"errorType":"Error","errorMessage":"no"}';
    expect(
      await outcomeOf('01A', never, logOf('Init Error\told', `Init Error\t${text}`), { seconds: 20, initErrors: 1 }),
    ).toEqual({ outcome: 'not_loaded', text });
  });

  it('is that it is not finished when the time is over', async () => {
    expect(await outcomeOf('01A', never, logOf(), { seconds: 0.05, initErrors: 0 })).toEqual({
      outcome: 'unfinished',
    });
  });
});
