import { describe, expect, it } from 'vitest';
import { EndlessListError, NotAListError, TruncatedListError } from '../../../functions/procore/paging.ts';
import { HooksApiError } from '../../../functions/webhook/hooks-api.ts';
import { problemOf } from '../../../lib/operator/doctor/refusals.ts';
import { clientWorld } from '../../procore/client-world.ts';

const path = '/rest/v1.0/projects';

describe('the problem of a list that cannot be read', () => {
  it.each([
    [new TruncatedListError(path, 4, 5), 'list_truncated'],
    [new EndlessListError(path, 1000), 'unknown'],
    [new NotAListError(path), 'unknown'],
    [new HooksApiError('GET', path), 'webhooks_not_delivered'],
  ])('is named with what was seen: %s', async (error, id) => {
    const { client } = clientWorld([]);
    expect(await problemOf(error, client)).toMatchObject({ diagnosis: { id }, evidence: [error.message] });
  });

  it('is thrown on when it is not about Procore', async () => {
    const { client } = clientWorld([]);
    await expect(problemOf(new Error('a bug'), client)).rejects.toThrow('a bug');
  });
});
