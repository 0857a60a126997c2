import { describe, expect, it } from 'vitest';
import { answerCallback } from '../../functions/connect/callback.ts';
import { atRequestOrigin } from '../../functions/connect/request-origin.ts';
import { begin, showStart } from '../../functions/connect/start.ts';
import { connectFlow, exchanges } from './connect-flow.ts';

const gateway = 'https://a1b2c3.execute-api.us-east-1.amazonaws.com';
const domain = 'https://connect.example.com';

/** What API Gateway says of a request to an origin. */
const at = (origin: string) => ({ requestContext: { domainName: new URL(origin).host } });

/** What functions are deployed with before a domain is in use, and after. */
const before = { publicOrigin: gateway, otherOrigin: domain };
const after = { publicOrigin: domain, otherOrigin: gateway };

describe('while a domain comes into use', () => {
  it('a page goes by the host that was asked, if it is one of the two', () => {
    expect(atRequestOrigin(at(gateway), after).publicOrigin).toBe(gateway);
    expect(atRequestOrigin(at(domain), after).publicOrigin).toBe(domain);
    expect(atRequestOrigin(at('https://evil.example'), after).publicOrigin).toBe(domain);
    expect(atRequestOrigin(at(gateway), { publicOrigin: domain }).publicOrigin).toBe(domain);
  });

  it.each([
    ['began before the deployment', before, after],
    ['meets a function that is deployed already, then one that is not yet', after, before],
    ['is made with a link from before the deployment', after, after],
  ])(
    'a sign-in at the old host that %s ends there, with the redirect URI that Procore was asked with',
    async (_, first, then) => {
      const flow = connectFlow({ publicOrigin: gateway });
      const { search } = new URL(await flow.newLink());
      const pageAt = (settings: typeof before) =>
        atRequestOrigin(at(gateway), { ...flow.makeDependencies(), ...settings });

      const shown = await flow.answer(() => showStart(pageAt(first), flow.request('GET', search)));
      const cookie = shown.cookies[0]?.split(';')[0] ?? '';
      const form = { link: new URLSearchParams(search).get('link') ?? '' };
      const pressed = await flow.answer(() =>
        begin(pageAt(first), flow.request('POST', '', { form, cookie, fetchSite: 'same-origin' })),
      );
      const asked = new URL(pressed.headers.location ?? '').searchParams;
      expect(asked.get('redirect_uri')).toBe(`${gateway}/oauth/callback`);

      const back = new URLSearchParams({ code: 'code-1', state: asked.get('state') ?? '' }).toString();
      const ended = await flow.answer(() => answerCallback(pageAt(then), flow.request('GET', back, { cookie })));
      expect(ended).toMatchObject({ statusCode: 303 });
      expect(ended.headers.location).toMatch(`${gateway}/oauth/company?session=`);
      expect(exchanges(flow)).toMatchObject([{ redirectUri: `${gateway}/oauth/callback` }]);
    },
  );
});
