import { expect, it } from 'vitest';
import { showFailure, showLeftBehind } from '../../lib/local/own-failure.ts';

it.each([
  ['http://127.0.0.1:4400', 'Here the command takes --local.'],
  ['http://127.0.0.1:4500', 'Here the command takes --local --endpoint http://127.0.0.1:4500.'],
])('says how a command that is proposed reaches the system at %s', (aws, says) => {
  const remedy = 'Make a link: npm run procore -- connect acme --environment sandbox.';
  const outcome = { outcome: 'failed', errorName: 'AccessTokenRefusedError', text: 'no', remedy } as const;
  expect(showFailure(outcome, 'update RFIs 17', aws)).toContain(`${remedy} ${says}`);
});

it('says where to look when a fetch of the file has reached nobody: the file may be right, and Node keeps no place', () => {
  const text = 'fetch failed Cause: Error: connect ECONNREFUSED 127.0.0.1:4990';
  const said = showFailure({ outcome: 'failed', errorName: 'TypeError', text }, '17', 'http://127.0.0.1:4400');
  expect(said).toContain('What to do: See that what it calls runs, and that its address is right.');
});

it('leaves a full stop between what a file threw when it was loaded, and what becomes of events', () => {
  const said = (cause: string) => {
    const text = `on-event.ts could not be loaded: it, or what it imports, threw. Cause: ${cause}`;
    return showFailure({ outcome: 'not_loaded', text }, '17', 'http://127.0.0.1:4400');
  };
  expect(said('Error: no key')).toContain('Error: no key. Every event waits');
  expect(said('Error: no key.')).toContain('Error: no key. Every event waits');
});

it('tells of what threw outside of every event, and passes over what only looks like it', () => {
  const error = {
    errorType: 'RangeError',
    errorMessage: 'late',
    trace: ['RangeError: late', '    at x (file:///a.mjs:1:1)'],
  };
  expect(showLeftBehind(`Uncaught Exception\t${JSON.stringify(error)}`)).toMatch(
    /^✗ Something threw for which no event waited: RangeError: late\n {4}Lambda ends .*\n {4}What to do: Catch it where/,
  );
  expect(showLeftBehind('Uncaught Exception\tof mine')).toBeUndefined();
  expect(showLeftBehind('Unhandled Promise Rejection\t{"errorType":1}')).toBeUndefined();
  expect(showLeftBehind('anything else')).toBeUndefined();
});
