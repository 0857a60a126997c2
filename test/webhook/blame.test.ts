import { describe, expect, it } from 'vitest';
import { AccessTokenRefusedError } from '../../functions/procore/access-token-source.ts';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { diagnosed } from '../../functions/procore/diagnosis.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';
import { SyncInterruptedError } from '../../functions/procore/sync.ts';
import { blame } from '../../functions/webhook/blame.ts';
import { NoSubscriptionError } from '../../functions/webhook/event-client.ts';
import { OnEventNotLoadedError } from '../../functions/webhook/load-handlers.ts';
import { Permanent } from '../../functions/webhook/permanent.ts';
import { HandlerTimeoutError } from '../../functions/webhook/time-limit.ts';
import { apiError } from '../procore/failed-exchange.ts';
import { sampleTime } from './sample-events.ts';

const unsent: Exchange = {
  environment: 'sandbox',
  purpose: 'api',
  method: 'GET',
  url: 'https://sandbox.procore.com/rest/v1.0/me',
  requestHeaders: {},
  startedAt: sampleTime,
  durationMs: 0,
  tries: 0,
};

/** As Procore answers. */
const answered = (status: number, responseBody = '') => apiError({ ...unsent, status, responseBody });

const refused = (code: string, retryAfterSeconds?: number) =>
  new AccessTokenRefusedError({ error: { code, message: 'No.', ...(retryAfterSeconds && { retryAfterSeconds }) } });

const withCode = (code: string) => Object.assign(new Error('no'), { code });

/** As the SDK throws. */
const ofAws = (httpStatusCode: number, name = 'ServiceException') =>
  Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });

/** As the SDK throws when Lambda is throttled. */
const throttled = (retryAfterSeconds?: string) =>
  Object.assign(ofAws(429), { name: 'TooManyRequestsException', ...(retryAfterSeconds && { retryAfterSeconds }) });

/** As an integrator wraps an error. */
const wrapped = (cause: Error) => new Error('the price list was not computed', { cause });

describe('a failure', () => {
  it.each([
    ['a connection that must be authorized again', refused('reauthorization_required')],
    ['a connection that is not there', refused('not_connected')],
    ['a client that Procore refuses', refused('client_refused')],
    ['no subscription', new NoSubscriptionError('sandbox', '8')],
    ['an app that a company disconnected', new ProcoreApiError(unsent, { diagnosis: diagnosed('app_not_connected') })],
    ['an answer 401', answered(401)],
    ['an answer 408', answered(408)],
    ['an answer 429 without a time', answered(429)],
    ['an answer 500', answered(500)],
    ['an answer 503 in HTML', answered(503, '<html>')],
    ['no answer of Procore', apiError({ ...unsent, failure: 'timed_out' })],
    ['a database that is not reachable', withCode('ECONNREFUSED')],
    ['a connection that broke', new TypeError('fetch failed', { cause: withCode('UND_ERR_SOCKET') })],
    ['an AWS service out of order', ofAws(503)],
    ['an AWS service that is throttled', ofAws(400, 'ThrottlingException')],
    ['a DynamoDB table that is throttled', ofAws(400, 'ProvisionedThroughputExceededException')],
    ['a throttled call of S3', ofAws(400, 'SlowDown')],
    [
      'no answer of an AWS service',
      Object.assign(new Error('no'), { name: 'TimeoutError', $metadata: { attempts: 2 } }),
    ],
    ['a file that cannot be loaded', new OnEventNotLoadedError(new Error('no such module'))],
    ['no time left', new HandlerTimeoutError(55_000)],
  ])('of %s is not the event’s own, also as the cause of another error', (_, error) => {
    expect(blame(error)).toEqual({ whose: 'others' });
    expect(blame(wrapped(error))).toEqual({ whose: 'others' });
  });

  it.each([
    ['an error of the integrator’s', new TypeError('undefined is not a function')],
    ['an answer 404', answered(404)],
    ['an answer 422', answered(422)],
    ['a refusal of an AWS service', ofAws(400)],
    ['an item that DynamoDB refuses', ofAws(400, 'ConditionalCheckFailedException')],
    ['a time-out of the integrator’s', Object.assign(new Error('no'), { name: 'TimeoutError' })],
    ['something else than an Error', 'no'],
    ['nothing', undefined],
  ])('of %s may be the event’s own', (_, error) => {
    expect(blame(error)).toEqual({ whose: 'perhaps_its_own' });
  });

  it.each([
    [
      'Procore’s rate limit',
      new ProcoreApiError(unsent, { diagnosis: diagnosed('rate_limited'), retryAfterSeconds: 9 }),
      9,
    ],
    ['a token that is just being replaced', refused('rotation_pending', 3), 3],
    ['a throttled function', throttled(), 2],
    ['a throttled function that says how long', throttled('30'), 30],
  ])('for %s only asks to wait, also below others', (_, error, waitSeconds) => {
    const asked = { whose: 'nobodys', waitSeconds };
    expect(blame(error)).toEqual(asked);
    expect(blame(new SyncInterruptedError([], 1, error))).toEqual(asked);
    expect(blame(wrapped(wrapped(error)))).toEqual(asked);
    // Deeper down it says nothing about this try any more.
    expect(blame(wrapped(wrapped(wrapped(error))))).toEqual({ whose: 'perhaps_its_own' });
  });

  it('that onEvent declares permanent is hopeless; as a cause it is not, since the integrator caught it', () => {
    const error = new Permanent('no such cost code');
    expect(blame(error)).toEqual({ whose: 'hopeless', detail: 'no such cost code' });
    const secret = `Bearer ${'a1B2'.repeat(12)}`;
    expect(JSON.stringify(blame(new Permanent(`refused: ${secret}`)))).not.toContain('a1B2');
    expect(blame(wrapped(error))).toEqual({ whose: 'perhaps_its_own' });
  });

  it('whose causes are a circle is judged all the same', () => {
    const error = new Error('no');
    error.cause = error;
    expect(blame(error)).toEqual({ whose: 'perhaps_its_own' });
  });
});
