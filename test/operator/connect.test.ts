import { describe, expect, it } from 'vitest';
import { type FetchedPage, Person } from '../../lib/local/person.ts';
import { useOperator } from './operator.ts';

const { procore, sandbox } = useOperator();
const company = '5358233';

/** Runs `connect` and, when it shows the link, does what a person does with it. */
async function connectAs(person: (link: string) => Promise<void>, ...argv: readonly string[]) {
  const done: Promise<void>[] = [];
  const ran = await procore(['connect', ...argv, '--environment', 'sandbox'], {
    onTold: (line) => {
      const link = /http\S+link=\S+/.exec(line)?.[0];
      if (link !== undefined) done.push(person(link));
    },
  });
  await Promise.all(done);
  return ran;
}

async function allow(link: string): Promise<void> {
  const person = new Person();
  let page = await person.press(await person.open(link), 'Connect to Procore');
  page = await person.press(page, 'Allow');
  if (page.html.includes('Use this company')) await person.press(page, 'Use this company');
}

describe('connect', () => {
  it('shows the link, waits for the person and says that the account is connected, with its company', async () => {
    const { exitCode, out, err } = await connectAs(allow, 'shown');
    expect(exitCode).toBe(0);
    expect(err).toContain('/oauth/start?link=');
    expect(out).toContain('Connected: "shown" in sandbox, company ');
    expect(out).not.toContain('not chosen');
  });

  it('calls the connection on the pages what it was told', async () => {
    const person = new Person();
    let start: FetchedPage | undefined;
    const look: typeof allow = async (link) => {
      start = await person.open(link);
      await allow(link);
    };
    await connectAs(look, 'named', '--display-name', 'Miller & Sons');
    expect(start?.html).toContain('It is for <strong>Miller &amp; Sons</strong>.');
  });

  it('prints one document for programs, at the end', async () => {
    const { exitCode, json } = await connectAs(allow, 'for-programs', '--json');
    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({
      connected: true,
      connectionId: 'for-programs',
      environment: 'sandbox',
      grant: 'authorization_code',
      status: 'connected',
      generation: 1,
    });
  });

  it('waits for the new authorization when the account is connected already', async () => {
    await connectAs(allow, 'again');
    const { json } = await connectAs(allow, 'again', '--json');
    expect(json()).toMatchObject({ connected: true, generation: 2 });
  });

  it('opens the link in the browser of a person at a terminal, unless told not to', async () => {
    const opened: string[] = [];
    const person = {
      openPage: async (url: string) => {
        opened.push(url);
        await allow(url);
        return true;
      },
    };
    const { exitCode } = await procore(['connect', 'opened', '--environment', 'sandbox'], { person });
    expect(exitCode).toBe(0);
    expect(opened.length).toBe(1);
    await connectAs(allow, 'opened', '--no-open');
    expect(opened.length).toBe(1);
  });

  it('only makes the link with --no-wait', async () => {
    const { exitCode, out } = await procore(['connect', 'later', '--environment', 'sandbox', '--no-wait']);
    expect(exitCode).toBe(0);
    expect(out.trim()).toMatch(new RegExp(`^${sandbox().api}/oauth/start\\?link=[A-Za-z0-9]+$`));
  });

  it('asks for a confirmation with --confirm, which goes with an address to return to and without waiting', async () => {
    const to = ['--environment', 'sandbox', '--confirm', '--return-to', 'https://elsewhere.example.com'];
    for (const options of [to, ['--environment', 'sandbox', '--confirm', '--no-wait']]) {
      const { exitCode, err } = await procore(['connect', 'later', ...options]);
      expect(exitCode).toBe(2);
      expect(err).toContain('--confirm goes with --return-to and --no-wait');
    }
    const { exitCode, json } = await procore(['connect', 'later', ...to, '--no-wait', '--json']);
    expect(exitCode).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'return_to_not_allowed' } });
  });

  it('refuses a connection id or an address to return to that is not allowed, as wrong usage', async () => {
    expect(await procore(['connect', 'two words', '--environment', 'sandbox'])).toMatchObject({ exitCode: 2 });
    const options = ['--environment', 'sandbox', '--return-to', 'https://elsewhere.example.com', '--json'];
    const { exitCode, json } = await procore(['connect', 'one', ...options]);
    expect(exitCode).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'return_to_not_allowed' } });
  });

  it('does not guess among several environments', async () => {
    const { exitCode, err } = await procore(['connect', 'one']);
    expect(exitCode).toBe(2);
    expect(err).toContain('production, sandbox');
  });
});

describe('connect --service-account', () => {
  const connectServiceAccount = (connectionId: string, ...argv: readonly string[]) =>
    procore(['connect', connectionId, '--environment', 'sandbox', '--service-account', ...argv, '--json']);

  it('connects where the app is installed; the connection is vended and rotated like any other', async () => {
    const { exitCode, json } = await connectServiceAccount('robot', '--company', company);
    expect(json()).toMatchObject({ connected: true, connectionId: 'robot', generation: 1 });
    expect(exitCode).toBe(0);
    const shown = await procore(['connections', 'show', 'robot', '--environment', 'sandbox', '--json']);
    expect(shown.json()).toMatchObject({
      grant: 'client_credentials',
      status: 'connected',
      companyId: company,
      environmentChecked: true,
    });
  });

  it('says how to connect it again once it is disconnected', async () => {
    await connectServiceAccount('leaver', '--company', company);
    await procore(['connections', 'disconnect', 'leaver', '--environment', 'sandbox', '--yes']);
    const { exitCode, err } = await procore(['connections', 'rotate', 'leaver', '--environment', 'sandbox']);
    expect(exitCode).toBe(4);
    expect(err).toContain(`connect leaver --environment sandbox --service-account --company ${company}`);
    expect(err).not.toContain('connect link');
  });

  it('says how to install the app where it is not, and stores nothing', async () => {
    sandbox().standIn?.control.setConnected(company, false);
    const { exitCode, json } = await connectServiceAccount('nowhere', '--company', company);
    sandbox().standIn?.control.setConnected(company, true);
    expect(exitCode).toBe(4);
    expect(json()).toMatchObject({
      error: { code: 'app_not_installed', message: expect.stringContaining('App Version Key') },
    });
    expect(JSON.stringify(json()).match(/App Management/g)).toHaveLength(1);
    const shown = await procore(['connections', 'show', 'nowhere', '--environment', 'sandbox']);
    expect(shown.exitCode).toBe(3);
  });

  it('says that the client is wrong when it is', async () => {
    sandbox().standIn?.control.setClientSecret('reset-at-procore');
    const { exitCode, json } = await connectServiceAccount('robot', '--company', company);
    sandbox().standIn?.control.setClientSecret('local-sandbox-client-secret');
    expect(exitCode).toBe(4);
    expect(json()).toMatchObject({ error: { code: 'client_credentials_rejected' } });
  });

  it('wants the company, in digits', async () => {
    expect(await connectServiceAccount('robot')).toMatchObject({ exitCode: 2 });
    const { exitCode, json } = await connectServiceAccount('robot', '--company', 'Miller & Sons');
    expect(exitCode).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'invalid_company_id' } });
  });

  it('takes --company for a service account only', async () => {
    const { exitCode } = await procore(['connect', 'one', '--environment', 'sandbox', '--company', company]);
    expect(exitCode).toBe(2);
  });
});
