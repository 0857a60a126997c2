import { beforeEach, describe, expect, it } from 'vitest';
import type { AuthorizationStore } from '../../functions/connect/authorization-store.ts';
import type { BrowserAnswer } from '../../functions/connect/browser-answer.ts';
import { readBrowserRequest } from '../../functions/connect/browser-request.ts';
import { answerCallback } from '../../functions/connect/callback.ts';
import { showCompanies, submitCompany } from '../../functions/connect/company.ts';
import { searchCompanies } from '../../functions/connect/company-search.ts';
import { showOther } from '../../functions/connect/other-path.ts';
import { begin, showStart } from '../../functions/connect/start.ts';
import { createAuthenticator } from '../../functions/webhook/authenticate.ts';
import { anonymousReads, anonymousUsd, mostADay, type OpenRoute } from '../readme/flood.ts';
import { connectFlow } from './connect-flow.ts';

/** What AWS was asked for, a name each. */
let asked: string[] = [];
beforeEach(() => {
  asked = [];
});

/** Notes every call of a port; whatever it would answer, nothing is there. */
function counted<Port extends object>(port: string, answer: () => unknown): Port {
  return new Proxy({} as Port, {
    get: (_, method) => async () => {
      asked.push(`${port}.${String(method)}`);
      return answer();
    },
  });
}

function dependencies() {
  return {
    ...connectFlow().makeDependencies(),
    authorizations: counted<AuthorizationStore>('authorizations', () => undefined),
    store: counted<never>('connections', () => undefined),
    oauthClient: counted<never>('secret', () => ({ clientId: 'a', clientSecret: 'b' })),
    changes: counted<never>('queue', () => undefined),
  };
}

const secret = 'a'.repeat(48);
const request = (query: string, form = '') =>
  readBrowserRequest({
    rawQueryString: query,
    headers: {},
    cookies: [`__Host-connect=${secret}`],
    body: form,
    isBase64Encoded: false,
  });

/** The dearest anonymous request of each route: well formed, and made up. */
const requests: Readonly<Record<Exclude<OpenRoute, 'POST /webhooks'>, () => Promise<BrowserAnswer>>> = {
  'GET /oauth/start': () => showStart(dependencies(), request(`link=${secret}`)),
  'POST /oauth/start': () => begin(dependencies(), request('', `link=${secret}`)),
  'GET /oauth/callback': () => answerCallback(dependencies(), request(`code=c&state=${secret}`)),
  'GET /oauth/search': () => searchCompanies(dependencies(), request(`session=${'a'.repeat(64)}&q=x`)),
  // The session is not even looked for.
  $default: async () => showOther('/wp-login.php'),
  'GET /oauth/company': () => showCompanies(dependencies(), request(`session=${'a'.repeat(64)}`)),
  'POST /oauth/company': () => submitCompany(dependencies(), request('', `session=${'a'.repeat(64)}&companyId=1`)),
};

describe('an anonymous request', () => {
  it.each(Object.entries(requests))('to %s asks AWS for no more than the table says: it reads', async (route, send) => {
    expect(await send()).toMatchObject({ answer: 'page' });
    expect(asked).toHaveLength(anonymousReads[route as OpenRoute]);
    expect(asked.every((call) => /^authorizations\.read/.test(call))).toBe(true);
  });

  it('to POST /webhooks has the secret read once in 30 seconds, however many come', async () => {
    let now = 1_800_000_000;
    const { observer } = connectFlow().makeDependencies();
    const authenticate = createAuthenticator({
      source: {
        read: async ({ fresh = false } = {}) => {
          if (fresh) asked.push('secret');
          return { environment: 'sandbox', current: 'c'.repeat(48) };
        },
      },
      previousUse: { note: async () => void asked.push('write') },
      clock: () => now,
      observer,
    });
    for (let sent = 0; sent < 300; sent += 1) {
      expect(await authenticate('Bearer guess')).toBe('wrong_sent');
      now += 0.09;
    }
    expect(asked).toEqual(['secret']);
  });

  it('costs a few dollars a million, and each route of people at most $3 a day', () => {
    for (const route of Object.keys(anonymousReads) as OpenRoute[]) {
      expect(anonymousUsd(route) * 1e6, route).toBeLessThan(4);
      if (route.endsWith('/webhooks')) continue;
      expect(mostADay(route), route).toBeLessThan(1e6);
      expect(anonymousUsd(route) * mostADay(route), route).toBeLessThan(3.5);
    }
  });
});
