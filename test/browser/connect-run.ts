import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { hashOf } from '../../functions/connect/authorization-store.ts';
import type { LocalEnvironment } from '../../lib/local/local-system.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import type { ProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import { proofWorker } from '../proof-worker.ts';
import { launchBrowser } from './browser.ts';

/** An environment of the local system, with its stand-in Procore. */
export interface ConnectEnvironment extends LocalEnvironment {
  readonly standIn: ProcoreStandIn;
}

/** A local system and a real browser, which remember what must not be seen and where it could have been. */
export type ConnectRun = Awaited<ReturnType<typeof startConnectRun>>;

/**
 * Starts a local system and a browser.
 *
 * Everything that passes is kept: the functions' logs, the source of each of our pages, and the codes, states, cookies
 * and link tokens that the browser carried, so that {@link ConnectRun.expectNothingLeaked} can search the former for
 * the latter.
 */
export async function startConnectRun() {
  const watch = new LogWatch();
  const logged: string[] = [];
  const pages: { readonly url: string; readonly source: Promise<string> }[] = [];
  const complaints: string[] = [];
  const referrers: string[] = [];
  const secrets = { states: new Set<string>(), codes: new Set<string>(), cookies: new Set<string>() };
  const links = new Set<string>();
  const [system, browser] = await Promise.all([
    startLocalSystem(
      { port: 0, worker: await proofWorker() },
      {
        step: () => {},
        log: (line) => {
          watch.take(line);
          logged.push(line.text);
        },
      },
    ),
    launchBrowser(),
  ]);
  const environmentNamed = (wanted: string): ConnectEnvironment => {
    const found = system.environments.find(({ name }) => name === wanted);
    if (!found?.standIn) throw new Error(`The local system has no environment "${wanted}" with a stand-in.`);
    return { ...found, standIn: found.standIn };
  };
  const sandbox = environmentNamed('sandbox');
  const production = environmentNamed('production');
  const dynamo = new DynamoDBClient(clientOptions(system.aws));
  const secretsManager = new SecretsManagerClient(clientOptions(system.aws));
  const ourOrigins = new Set(system.environments.map(({ api }) => api));

  function watchContext(context: BrowserContext): void {
    context.on('request', (request) => {
      const url = new URL(request.url());
      const [code, state] = [url.searchParams.get('code'), url.searchParams.get('state')];
      if (code) secrets.codes.add(code);
      if (state) secrets.states.add(state);
      const { referer } = request.headers();
      if (referer && ourOrigins.has(new URL(referer).origin)) referrers.push(`${referer} -> ${url.origin}`);
    });
    context.on('response', (response) => {
      const { origin, pathname } = new URL(response.url());
      if (!ourOrigins.has(origin)) return;
      void response.headerValues('set-cookie').then((lines) => {
        for (const line of lines) secrets.cookies.add(/^[^=]*=([^;]*)/.exec(line)?.[1] ?? '');
      });
      // A redirect has no body, and one that the browser has thrown away can be read no more.
      pages.push({ url: pathname, source: response.text().catch(() => '') });
    });
    context.on('console', (message) => {
      // That nobody may frame us is told on the page of whoever tried.
      if (/content security policy(?!.*frame-ancestors)/i.test(message.text())) complaints.push(message.text());
    });
  }

  /** A person's browser of their own: no cookies, no history. */
  async function newPerson(): Promise<BrowserContext> {
    const context = await browser.newContext({ locale: 'en-US' });
    context.setDefaultTimeout(40_000);
    watchContext(context);
    return context;
  }

  /** A link for a connection; a new connection each time unless named. */
  async function newLink(connectionId = `acme-${randomUUID()}`, { functions } = sandbox): Promise<string> {
    const { url } = (await system.invoke(functions.ConnectLink ?? '', { connectionId })) as { url: string };
    links.add(new URL(url).searchParams.get('link') ?? '');
    return url;
  }

  async function goToProcore(page: Page, link: string): Promise<void> {
    await page.goto(link);
    await page.getByRole('button', { name: 'Connect to Procore' }).click();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
  }

  /** Goes on to Procore and allows access there. @returns the callback's address, which the browser has not called */
  async function callbackFor(page: Page, link: string, { standIn } = sandbox): Promise<string> {
    await goToProcore(page, link);
    const callback = await standIn.control.approve(page.url());
    secrets.codes.add(new URL(callback).searchParams.get('code') ?? '');
    return callback;
  }

  /** Lets the account see no company, one, or two, which is when a person is asked which. */
  function setCompanies(howMany: 0 | 1 | 2, { standIn } = sandbox): void {
    standIn.control.setSeen('5358233', howMany >= 1);
    standIn.control.setSeen('562949953421312345', howMany === 2);
  }

  async function vend(connectionId: string, { functions } = sandbox) {
    return system.invoke(functions.AccessToken ?? '', { connectionId });
  }

  /** The company that a person chose for a connection. */
  async function companyOf(connectionId: string): Promise<string | undefined> {
    const { Item } = await dynamo.send(
      new GetItemCommand({
        TableName: sandbox.tables.Connections,
        Key: { connectionId: { S: connectionId } },
        ConsistentRead: true,
      }),
    );
    return Item?.companyId?.S;
  }

  /** Lets a link's 15 minutes be over. */
  async function expire(link: string): Promise<void> {
    const linkHash = hashOf(new URL(link).searchParams.get('link') ?? '');
    await dynamo.send(
      new UpdateItemCommand({
        TableName: sandbox.tables.Authorizations,
        Key: { id: { S: `link#${linkHash}` } },
        UpdateExpression: 'SET expiresAt = expiresAt - :age',
        ConditionExpression: 'attribute_exists(id)',
        ExpressionAttributeValues: { ':age': { N: '1000' } },
      }),
    );
  }

  async function countAuthorizations(): Promise<number> {
    const { Count = 0 } = await dynamo.send(
      new ScanCommand({ TableName: sandbox.tables.Authorizations, ConsistentRead: true }),
    );
    return Count;
  }

  /** Stores an OAuth client as an operator does, right or wrong. */
  async function storeClient(
    { secrets: names }: LocalEnvironment,
    stored: { readonly environment: string; readonly clientId: string; readonly clientSecret: string },
  ): Promise<void> {
    await secretsManager.send(
      new PutSecretValueCommand({ SecretId: names.OauthClient, SecretString: JSON.stringify(stored) }),
    );
  }

  /**
   * Expects that none of the run's secrets stands in a function's log, that no token, code, state or cookie stands in
   * the source of a page, that no address of ours was told to another site, and that the CSP let every page be.
   */
  async function expectNothingLeaked(): Promise<void> {
    const tokens = [sandbox, production].flatMap(({ standIn }) => standIn.control.issuedSecrets());
    const clientSecrets = ['local-sandbox-client-secret', 'local-production-client-secret'];
    const secret = [...secrets.states, ...secrets.codes, ...secrets.cookies, ...tokens, ...clientSecrets].filter(
      (text) => text.length >= 16,
    );
    const sources = await Promise.all(pages.map(async ({ url, source }) => ({ url, source: await source })));
    const log = logged.join('\n');
    // What was searched must be there: a search of nothing finds nothing.
    expect(secrets.states.size).toBeGreaterThan(0);
    expect(secrets.cookies.size).toBeGreaterThan(0);
    expect(tokens.length).toBeGreaterThan(2);
    expect(log).toContain('oauth.link_issued');
    expect(sources.filter(({ source }) => source.includes('</html>')).length).toBeGreaterThan(2);

    // Only how often and where: what was found is not printed.
    expect([...secret, ...links].filter((text) => log.includes(text)).length, 'secrets in the log').toBe(0);
    const leaky = sources.filter(({ source }) => secret.some((text) => source.includes(text))).map(({ url }) => url);
    expect(leaky, 'pages with a secret').toEqual([]);
    expect(referrers, 'addresses of ours that were told as a referrer').toEqual([]);
    expect(complaints, 'what the CSP refused').toEqual([]);
  }

  async function stop(): Promise<void> {
    dynamo.destroy();
    secretsManager.destroy();
    await browser.close();
    await system.stop();
  }

  return {
    system,
    sandbox,
    production,
    watch,
    secrets,
    newPerson,
    newLink,
    goToProcore,
    callbackFor,
    setCompanies,
    vend,
    companyOf,
    expire,
    countAuthorizations,
    storeClient,
    expectNothingLeaked,
    stop,
  };
}

/** The page's main heading, once it is there. */
export async function headingOf(page: Page): Promise<string> {
  return (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
}
