import { describe, expect, it } from 'vitest';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';

describe('a list of the webhook endpoints', () => {
  it('that never ends is refused, and not passed off as complete', async () => {
    const api = hooksApi(async () => ({ status: 200, body: [{ id: '1' }], hasNext: true }), '5358233');
    await expect(api.listProjects()).rejects.toMatchObject({ code: 'hooks_api_refused' });
  });
});
