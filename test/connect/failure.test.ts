import { describe, expect, it } from 'vitest';
import { failurePage, logFailure, orFailedPage } from '../../functions/connect/failure.ts';
import { recordingObserver } from '../procore/client-world.ts';

function setUp() {
  const { observer, notes, counts } = recordingObserver();
  return { dependencies: { observer, randomId: () => 'ABCDEFGHIJKLMNOP' }, notes, counts };
}

describe('a failure', () => {
  it('is logged under a reference of 12 characters', () => {
    const { dependencies, notes } = setUp();
    expect(logFailure(dependencies, 'denied', { connectionId: 'acme' })).toBe('ABCDEFGHIJKL');
    expect(notes).toEqual([
      ['oauth.not_connected', { connectionId: 'acme', outcome: 'denied', referenceId: 'ABCDEFGHIJKL' }],
    ]);
  });

  it('is a page with the same reference, and with the way on that it is given', () => {
    const { dependencies, notes } = setUp();
    const wayOn = { way: 'look_again' } as const;
    expect(failurePage(dependencies, 'under_way', { connectionId: 'acme', wayOn, code: 'some_code' })).toEqual({
      answer: 'page',
      page: { name: 'under_way', referenceId: 'ABCDEFGHIJKL', connectionId: 'acme', wayOn },
    });
    expect(notes[0]?.[1]).toMatchObject({ code: 'some_code', connectionId: 'acme', outcome: 'under_way' });
  });
});

describe('an unexpected error', () => {
  it('is a page, a count, and a log line with its name and the places it came through, not its text', async () => {
    const { dependencies, notes, counts } = setUp();
    const error = new RangeError('a secret');
    error.stack = 'RangeError: a secret\n    at one (file.js:1:2)\nsecond line at a secret\n    at two (file.js:3:4)';
    const answer = await orFailedPage(dependencies, () => Promise.reject(error));
    expect(answer).toEqual({ answer: 'page', page: { name: 'failed', referenceId: 'ABCDEFGHIJKL' } });
    expect(counts).toEqual({ connectPageFailed: 1 });
    expect(notes).toEqual([
      [
        'oauth.not_connected',
        {
          outcome: 'failed',
          referenceId: 'ABCDEFGHIJKL',
          errorName: 'RangeError',
          stack: 'at one (file.js:1:2) | at two (file.js:3:4)',
        },
      ],
    ]);
  });

  it.each([
    ['a text', 'string'],
    [undefined, 'undefined'],
  ])('may be anything: %j', async (thrown, errorName) => {
    const { dependencies, notes } = setUp();
    await orFailedPage(dependencies, () => Promise.reject(thrown));
    expect(notes[0]?.[1]).toMatchObject({ errorName, stack: '' });
  });

  it('without a stack is a page, too', async () => {
    const { dependencies, notes } = setUp();
    const error = new Error('a secret');
    delete (error as { stack?: string }).stack;
    await orFailedPage(dependencies, () => Promise.reject(error));
    expect(notes[0]?.[1]).toMatchObject({ errorName: 'Error', stack: '' });
  });

  it('that did not happen changes nothing', async () => {
    const { dependencies, notes, counts } = setUp();
    const page = { answer: 'redirect', location: 'https://app.example.com/' } as const;
    expect(await orFailedPage(dependencies, async () => page)).toEqual(page);
    expect([notes, counts]).toEqual([[], {}]);
  });
});
