import { type BrowserAnswer, type BrowserResponse, toBrowserResponse } from '../../functions/connect/browser-answer.ts';
import { type BrowserRequest, readBrowserRequest } from '../../functions/connect/browser-request.ts';
import { answerCallback } from '../../functions/connect/callback.ts';
import type { CodeExchangeDependencies } from '../../functions/connect/code-exchange.ts';
import { showCompanies, submitCompany } from '../../functions/connect/company.ts';
import { searchCompanies } from '../../functions/connect/company-search.ts';
import {
  type ConnectLinkDependencies,
  type IssuedLink,
  issueConnectLink,
} from '../../functions/connect/connect-link.ts';
import { orFailedPage } from '../../functions/connect/failure.ts';
import { begin, type StartDependencies, showStart } from '../../functions/connect/start.ts';
import type { OAuthClient, OAuthClientSource } from '../../functions/oauth/token-endpoint.ts';
import type { MetricName, ObservedFields } from '../../functions/observer.ts';
import type { CompaniesOutcome, Company } from '../../functions/procore/companies.ts';
import { systemRandomId } from '../../functions/system.ts';
import { memoryAuthorizationStore } from '../memory/authorization-store.ts';
import { memoryConnectionStore } from '../memory/connection-store.ts';
import { memoryPort, portsAtRest, untilReturn } from '../memory/port.ts';
import { memoryTokenEndpoint } from '../memory/token-endpoint.ts';

export const origin = 'https://connect.example.com';
export const startTime = 1_800_000_000;

type Dependencies = CodeExchangeDependencies & StartDependencies & ConnectLinkDependencies;

/**
 * The whole connect flow on fakes, with browsers that keep cookies and follow what the pages offer. Time stands still
 * but for `sleep`, which moves `now` and the invocations' remaining time, and lets everybody else go on.
 */
export function connectFlow({ publicOrigin = origin, loginOrigin = 'https://login.example' } = {}) {
  const authorizations = memoryAuthorizationStore(() => flow.now);
  const notes: [event: string, fields?: ObservedFields][] = [];
  const counts: Partial<Record<MetricName, number>> = {};
  const flow = {
    now: startTime,
    /** What an invocation has when it begins, in milliseconds. */
    invocationMs: 29_000,
    client: { clientId: 'client-1', clientSecret: 'secret-1' } as OAuthClient,
    /** What `fresh` reads, where it differs. */
    freshClient: undefined as OAuthClient | undefined,
    clientError: undefined as Error | undefined,
    companies: { outcome: 'companies', companies: [{ id: '1', name: 'Only One Inc' }] } as CompaniesOutcome,
    /** What a search in Procore's list of companies finds. */
    atProcore: { list: [] as readonly Company[], isComplete: true },
    /** Told how long a list of companies may take. */
    onList: (_timeoutMs: number) => {},
    /** Called at every pause of a waiting call. */
    onSleep: async () => {},
  };
  const clock = () => flow.now;
  const tokenEndpoint = memoryTokenEndpoint(clock, 'client-1');
  const store = memoryConnectionStore('sandbox');

  function makeDependencies(): Dependencies {
    const endsAt = flow.now + flow.invocationMs / 1000;
    return {
      authorizations,
      store,
      tokenEndpoint,
      oauthClient: memoryPort<OAuthClientSource>('oauth client', {
        async read({ fresh = false } = {}) {
          if (flow.clientError) throw flow.clientError;
          return (fresh && flow.freshClient) || flow.client;
        },
      }),
      changes: memoryPort('changes', { announce: async () => {} }),
      clock,
      sleep: async (milliseconds) => {
        flow.now += milliseconds / 1000;
        await flow.onSleep();
        await portsAtRest();
      },
      remaining: () => (endsAt - flow.now) * 1000,
      randomFraction: () => 0.5,
      randomId: systemRandomId,
      observer: {
        note: (event, fields) => notes.push(fields ? [event, fields] : [event]),
        count: (metric, amount = 1) => {
          counts[metric] = (counts[metric] ?? 0) + amount;
        },
      },
      keepReplaced: true,
      publicOrigin,
      loginOrigin,
      returnToOrigins: ['https://app.example.com'],
      listCompanies: async (_, timeoutMs) => {
        flow.onList(timeoutMs);
        return flow.companies;
      },
      findCompanies: async (_, { isWanted, most }) => {
        const { list, isComplete } = flow.atProcore;
        return { companies: list.filter(isWanted).slice(0, most), isComplete };
      },
    };
  }

  async function answer(make: () => Promise<BrowserAnswer>): Promise<BrowserResponse> {
    return toBrowserResponse(await untilReturn(() => orFailedPage(makeDependencies(), make)), {
      environment: 'sandbox',
      language: 'en',
    });
  }

  function request(method: 'GET' | 'POST', query: string, more: Partial<RequestDetails> = {}): BrowserRequest {
    const { form, cookie = '', fetchSite } = more;
    return readBrowserRequest({
      rawQueryString: query.replace(/^\?/, ''),
      headers: { 'sec-fetch-site': fetchSite },
      ...(cookie !== '' && { cookies: ['unrelated=1', cookie] }),
      ...(method === 'POST' && { body: Buffer.from(new URLSearchParams(form).toString()).toString('base64') }),
      isBase64Encoded: method === 'POST',
    });
  }

  const issueLink = (ask: Parameters<typeof issueConnectLink>[1]): Promise<IssuedLink> =>
    untilReturn(() => issueConnectLink(makeDependencies(), ask));

  function newBrowser() {
    const browser = {
      /** `name=value`, or empty. */
      cookie: '',
      page: undefined as BrowserResponse | undefined,
      keep(response: BrowserResponse): BrowserResponse {
        const [setCookie] = response.cookies;
        if (setCookie) browser.cookie = setCookie.split(';')[0] ?? '';
        browser.page = response;
        return response;
      },
      /** A GET by navigation, which follows redirects to our own pages. */
      async open(url: string): Promise<BrowserResponse> {
        const response = await browser.call(url);
        const { location = '' } = response.headers;
        return location.startsWith(`${publicOrigin}/`) ? browser.open(location) : response;
      },
      /** The first answer to a GET by navigation. */
      async call(url: string): Promise<BrowserResponse> {
        const { pathname, search } = new URL(url);
        const dependencies = makeDependencies();
        const got = request('GET', search, { cookie: browser.cookie, fetchSite: 'cross-site' });
        const use = {
          '/oauth/start': showStart,
          '/oauth/callback': answerCallback,
          '/oauth/company': showCompanies,
          '/oauth/search': searchCompanies,
        };
        const page = use[pathname as keyof typeof use];
        return browser.keep(await answer(() => page(dependencies, got)));
      },
      /** A form of one of our pages, unless `fetchSite` says otherwise. */
      async post(
        path: '/oauth/start' | '/oauth/company',
        form: Record<string, string>,
        { fetchSite }: { fetchSite?: string | undefined } = { fetchSite: 'same-origin' },
      ): Promise<BrowserResponse> {
        const sent = request('POST', '', { form, cookie: browser.cookie, fetchSite });
        const use = path === '/oauth/start' ? begin : submitCompany;
        return browser.keep(await answer(() => use(makeDependencies(), sent)));
      },
      /** The page's button, with its hidden fields. */
      async pressConnect(from?: { fetchSite?: string | undefined }): Promise<BrowserResponse> {
        const [, name = '', value = ''] =
          /type="hidden" name="(\w+)" value="(\w+)"/.exec(browser.page?.body ?? '') ?? [];
        return browser.post('/oauth/start', { [name]: value }, from);
      },
      /** Opens the link, presses the button; gives the callback's address as Procore would call it. */
      async goToProcore(link: string, code = 'code-1'): Promise<string> {
        await browser.open(link);
        return callbackOf(await browser.pressConnect(), code);
      },
    };
    return browser;
  }

  function callbackOf(answered: BrowserResponse, code = 'code-1'): string {
    const state = new URL(answered.headers.location ?? '').searchParams.get('state') ?? '';
    return `${origin}/oauth/callback?${new URLSearchParams({ code, state })}`;
  }

  return Object.assign(flow, {
    dependencies: makeDependencies(),
    makeDependencies,
    authorizations,
    store,
    tokenEndpoint,
    notes,
    counts,
    answer,
    request,
    issueLink,
    newLink: async (connectionId = 'acme', returnTo?: string, more: { readonly confirm?: boolean } = {}) =>
      (await issueLink({ connectionId, ...(returnTo !== undefined && { returnTo }), ...more })).url,
    newBrowser,
    callbackOf,
  });
}

interface RequestDetails {
  readonly form: Record<string, string>;
  readonly cookie: string;
  readonly fetchSite: string | undefined;
}

type Flow = ReturnType<typeof connectFlow>;

/** A browser that has pressed the button for "acme" and allowed access: `callback` is where Procore sends it. */
export async function atProcore(flow: Flow = connectFlow(), returnTo?: string) {
  const browser = flow.newBrowser();
  const link = await flow.newLink('acme', returnTo);
  return { flow, browser, link, callback: await browser.goToProcore(link) };
}

/** The exchanges of codes so far. */
export const exchanges = (flow: Flow) => flow.tokenEndpoint.calls.filter(({ method }) => method === 'redeemCode');
