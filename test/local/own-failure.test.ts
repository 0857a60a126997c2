import { expect, it } from 'vitest';
import { showFailure } from '../../lib/local/own-failure.ts';

it.each([
  ['http://127.0.0.1:4400', 'Here the command takes --local.'],
  ['http://127.0.0.1:4500', 'Here the command takes --local --endpoint http://127.0.0.1:4500.'],
])('says how a command that is proposed reaches the system at %s', (aws, says) => {
  const remedy = 'Make a link: npm run procore -- connect acme --environment sandbox.';
  const outcome = { outcome: 'failed', errorName: 'AccessTokenRefusedError', text: 'no', remedy } as const;
  expect(showFailure(outcome, 'update RFIs 17', aws)).toContain(`${remedy} ${says}`);
});
