import { describe, expect, it } from 'vitest';
import { ConnectorError, isConnectorError } from '../../functions/connector-error.ts';
import { ProjectNotFoundError, SubscriptionChangedError } from '../../functions/webhook/apply-subscription.ts';
import { UnknownResourceError } from '../../functions/webhook/catalogue.ts';
import { NoSubscriptionError } from '../../functions/webhook/event-client.ts';
import { HooksApiError } from '../../functions/webhook/hooks-api.ts';
import { TriggerNotKeptError } from '../../functions/webhook/keep-hook.ts';
import { isPermanent, Permanent } from '../../functions/webhook/permanent.ts';
import { InvalidResourceListError } from '../../functions/webhook/resource-list.ts';
import { RollOverUnderWayError } from '../../functions/webhook/roll-over.ts';
import { HandlerTimeoutError } from '../../functions/webhook/time-limit.ts';

describe('the errors of this folder', () => {
  // Programs ask for the code, and log lines show the name: neither may change.
  it.each<[() => ConnectorError, string, string]>([
    [() => new SubscriptionChangedError('1'), 'SubscriptionChangedError', 'subscription_changed'],
    [() => new ProjectNotFoundError('text'), 'ProjectNotFoundError', 'project_not_found'],
    [() => new UnknownResourceError('text'), 'UnknownResourceError', 'invalid_resource'],
    [() => new NoSubscriptionError('sandbox', '1'), 'NoSubscriptionError', 'no_subscription'],
    [() => new HooksApiError('GET', '/path'), 'HooksApiError', 'hooks_answer_invalid'],
    [() => new TriggerNotKeptError('1', []), 'TriggerNotKeptError', 'trigger_not_kept'],
    [() => new Permanent('text'), 'Permanent', 'permanent'],
    [() => new InvalidResourceListError('text'), 'InvalidResourceListError', 'invalid_resource_list'],
    [() => new RollOverUnderWayError(), 'RollOverUnderWayError', 'roll_over_under_way'],
    [() => new HandlerTimeoutError(1000), 'HandlerTimeoutError', 'handler_timeout'],
  ])('have name and code: %s', (make, name, code) => {
    const error = make();
    expect({ name: error.name, code: error.code }).toEqual({ name, code });
    expect(isConnectorError(error)).toBe(true);
  });

  it.each<[() => ConnectorError, string]>([
    [
      () => new SubscriptionChangedError('5358233'),
      'The subscription of company 5358233 was changed at the same time. Run the command again.',
    ],
    [
      () => new NoSubscriptionError('sandbox', '5358233'),
      'No subscription of "sandbox" names the company 5358233, so there is no connection to call it with. Run ' +
        '`npm run procore -- webhooks apply` for company 5358233.',
    ],
    [
      () => new HooksApiError('POST', '/rest/v2.0/companies/1/webhooks/hooks'),
      'POST /rest/v2.0/companies/1/webhooks/hooks: the answer is not what the v2.0 reference of the webhook endpoints ' +
        'documents.',
    ],
    [
      () =>
        new TriggerNotKeptError('77', [
          { resourceName: 'RFIs', action: 'create' },
          { resourceName: 'Bids', action: 'update' },
        ]),
      "Procore did not keep these triggers of hook 77: RFIs:create, Bids:update. Look at them in Procore's Admin tool.",
    ],
  ])('say what was wrong and what to do: %s', (make, message) => {
    expect(make().message).toBe(message);
  });
});

describe('a permanent failure', () => {
  it('is known by its code, whichever copy of the package made it', () => {
    class OfAnotherCopy extends ConnectorError {
      readonly code = 'permanent';
    }
    expect(isPermanent(new Permanent('text'))).toBe(true);
    expect(isPermanent(new OfAnotherCopy('text'))).toBe(true);
  });

  it('is nothing else', () => {
    expect(isPermanent(new RollOverUnderWayError())).toBe(false);
    expect(isPermanent(Object.assign(new Error('text'), { code: 'permanent' }))).toBe(false);
    expect(isPermanent('permanent')).toBe(false);
  });
});
