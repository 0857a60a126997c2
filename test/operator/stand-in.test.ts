import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleWorker } from '../../lib/cloud/bundle/bundle.ts';
import { controlOf } from '../../lib/local/control/control.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { standInCommands } from '../../lib/local-control.ts';
import { localCredentials } from '../../lib/local-key.ts';
import { proofWorker } from '../proof-worker.ts';
import { allCommands } from './all-commands.ts';
import { runBare, useOperator } from './operator.ts';

const operator = useOperator();
const companyId = '5358233';
const control = () => {
  const { standIn } = operator.sandbox();
  if (standIn === undefined) throw new Error('The sandbox has a stand-in here.');
  return standIn.control;
};
const procore = (...words: string[]) => operator.procore(words);
const apiStatus = async () => (await fetch(`${operator.sandbox().procoreApi}/rest/v1.0/me`)).status;

afterEach(async () => {
  for (const { id } of control().hooks()) control().removeHook(id);
  await procore('stand-in', 'up');
});

function makeHook(...eventTypes: string[]): string {
  const { webhookUrl, webhookAuthorization } = operator.sandbox();
  const { id } = control().createHook({
    ...{ companyId, projectId: '23498237', payloadVersion: 'v4.0', namespace: 'ours' },
    ...{ destinationUrl: webhookUrl, authorization: webhookAuthorization },
    triggers: eventTypes.map((eventType) => ({ resourceName: 'RFIs', eventType })),
  });
  return id;
}

describe('procore trigger', { timeout: 60_000 }, () => {
  it('changes a record, and says when onEvent was done with the event', async () => {
    const hook = makeHook('update');
    const { exitCode, out } = await procore('trigger', 'RFIs.update', '--id', '9007199254740993');
    expect(out).toMatch(
      new RegExp(`^update RFIs 9007199254740993 \\(event [0-9A-Z]{26}, hook ${hook}\\): handled in \\d+ ms\\n$`),
    );
    expect(exitCode).toBe(0);
    const [newest] = control()
      .records('RFIs', '23498237')
      .toSorted((one, other) => other.updatedAt - one.updatedAt);
    expect(newest?.id).toBe('9007199254740993');
  });

  it('lends a hook where none listens, says so, and takes it away again', async () => {
    const { out, exitCode } = await procore('trigger', 'RFIs.create');
    expect(out).toContain('handled in');
    expect(out).toContain(`No hook of company ${companyId} listens to RFIs: one was lent for this.`);
    expect(exitCode).toBe(0);
    expect(control().hooks()).toEqual([]);
  });

  it('does one after another where several are asked for at once, each with a hook and an event of its own', async () => {
    const ran = await Promise.all([1, 2, 3].map(() => procore('trigger', 'RFIs.update')));
    const told = ran.map(
      ({ out }) => /^update RFIs \d+ \(event (\w+), hook \d+\): handled in .*\nNo hook/.exec(out)?.[1],
    );
    expect(new Set(told.filter((event) => event !== undefined)).size).toBe(3);
    expect(control().hooks()).toEqual([]);
  });

  it('says that the file which was saved last is not what ran, while it cannot be built', async () => {
    const faults = ['on-event.ts:1:16  Could not resolve "pg"\n    1 | import pg from "pg";'];
    const ask = controlOf(operator.system(), new LogWatch(), () => faults);
    const request = { do: 'trigger', resource: 'RFIs', action: 'update', times: 1 };
    const told = 'What was saved last cannot be built, and is not what ran: on-event.ts:1:16  Could not resolve "pg"';
    expect(await ask(request)).toMatchObject({ text: expect.stringMatching(new RegExp(`handled in [^]*\\n${told}$`)) });
    faults.pop();
    expect(await ask(request)).toMatchObject({ text: expect.not.stringContaining('cannot be built') });
  });

  it('takes a resource of the catalogue of which the stand-in keeps no records, in any capitals', async () => {
    expect((await procore('trigger', 'direct cost line items.update', '--id', '77')).out).toMatch(
      /^update Direct Cost Line Items 77 .*handled in/,
    );
  });

  it('sends many, and says how fast they were handled', async () => {
    makeHook('update');
    const { out } = await procore('trigger', 'RFIs.update', '--times', '12');
    expect(out).toMatch(/^12 times update RFIs: 12 handled, half of them within \d+ ms, all within \d+ ms; 0 not\.\n$/);
  });

  it('delivers the same delivery twice, and says that it was known', async () => {
    makeHook('update');
    const { out } = await procore('trigger', 'RFIs.update', '--duplicate');
    expect(out).toContain(
      'The same delivery again: answered 200, known as a duplicate, and not handed to onEvent again.',
    );
  });

  it('sends an event that is older than one that was handled', async () => {
    makeHook('update');
    const { out } = await procore('trigger', 'RFIs.update', '--old', '--json');
    const told = JSON.parse(out) as { eventId: string; resourceId: string; outcome: string }[];
    expect(told.map(({ outcome }) => outcome)).toEqual(['handled', 'handled']);
    expect(told[0]?.resourceId).toBe(told[1]?.resourceId);
    const [newer, older] = told.map(({ eventId }) => eventId);
    const payloads = control()
      .deliveries()
      .map(({ payload }) => JSON.parse(payload) as { id: string; timestamp: string });
    const timeOf = (id: string | undefined) => payloads.find((payload) => payload.id === id)?.timestamp ?? '';
    expect(timeOf(older) < timeOf(newer)).toBe(true);
  });

  it.each([
    [['trigger', 'RFI.update'], 'Did you mean "RFIs"?'],
    [['trigger', 'RFIs.sync'], 'Procore never reports sync of "RFIs", only create, update, delete.'],
    [['trigger', 'RFIs'], 'EVENT is a resource and what happens to it, e.g. RFIs.update.'],
    [['trigger', 'RFIs.update', '--id', '1'], 'There is no record 1 of RFIs'],
    [['trigger', 'RFIs.update', '--project', '1'], 'There is no project 1 at the stand-in.'],
    [['trigger', 'RFIs.update', '--company', '1'], 'There is no company 1 at the stand-in.'],
    [['trigger', 'RFIs.update', '--old', '--duplicate'], '--old and --duplicate are two things.'],
    [['trigger', 'RFIs.update', '--old', '--times', '2'], '--old is about one event'],
    [['stand-in', 'list', 'RFI'], 'Did you mean "RFIs"?'],
    [['stand-in', 'disconnect', '1'], 'There is no company 1 at the stand-in.'],
    [['stand-in', 'disable-hook'], 'There are 0 hooks: say which.'],
    [['stand-in', 'companies', '1'], 'none is taken away'],
    [['stand-in', 'fail', 'tokens'], 'token, tokenInfo, revoke, api'],
  ])('refuses %j, and says what is wrong', async (words, text) => {
    const { exitCode, err } = await procore(...words);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(text);
    expect(exitCode).toBe(2);
  });

  it('says that a hook which listens is disabled', async () => {
    const hook = makeHook('update');
    control().setHookStatus(hook, 'disabled');
    const { err, exitCode } = await procore('trigger', 'RFIs.update');
    expect(err).toContain(`The hook ${hook} listens to it and is disabled`);
    expect(exitCode).toBe(2);
  });

  describe('with a file of the integrator that throws', () => {
    beforeAll(async () => {
      const root = fileURLToPath(new URL('../../.bundles', import.meta.url));
      const folder = await mkdtemp(join(root, 'stand-in-test-'));
      await writeFile(
        join(folder, 'on-event.ts'),
        `import { Permanent } from ${JSON.stringify(fileURLToPath(new URL('../../functions/webhook/permanent.ts', import.meta.url)))};
export async function onEvent({ eventType }) { throw eventType === 'create' ? new Permanent('no number') : new RangeError("out of range"); }
export async function onConnectionChange() {}
`,
      );
      await operator.system().runWorkers(await bundleWorker(join(folder, 'on-event.ts')));
      return async () => {
        await operator.system().runWorkers(await proofWorker());
        await rm(folder, { recursive: true });
      };
    }, 60_000);

    it('says what onEvent threw and where', async () => {
      const { out, exitCode } = await procore('trigger', 'RFIs.update');
      expect(out).toMatch(
        /failed after \d+ ms: onEvent threw RangeError at on-event\.ts:2:\d+\. It is tried again\.\n {2}.*out of range/,
      );
      expect(exitCode).toBe(1);
    });

    it('says of what onEvent gives up at once that it is a dead letter, and where to see it', async () => {
      makeHook('create');
      const { out, exitCode } = await procore('trigger', 'RFIs.create');
      expect(out).toMatch(/onEvent threw Permanent at .*\. It is not tried again, and waits as a dead letter: npm run/);
      expect(out).toContain('events dead --local --environment sandbox');
      expect(exitCode).toBe(1);
    });

    it('says for which event of the same record another one waits', async () => {
      const hook = makeHook('update');
      const { out: first } = await procore('trigger', 'RFIs.update');
      const [, failing = ''] = /\(event ([0-9A-Z]{26}), /.exec(first) ?? [];
      const { out, exitCode } = await procore('trigger', 'RFIs.update');
      expect(out).toMatch(
        /not done after \d+ ms: it waits behind an event of the same record, which onEvent has failed\. See:/,
      );
      expect(out).toMatch(/npm run procore -- events show [0-9A-Z]{26} --local --environment sandbox/);
      expect(control().deliveries(hook)).toHaveLength(2);
      expect(failing).not.toBe('');
      expect(exitCode).toBe(1);
    });

    it('says why many are not even tried, and what to do, after others have failed', async () => {
      makeHook('update');
      await procore('trigger', 'RFIs.update', '--times', '8');
      control().setDown(true);
      const { out, exitCode } = await procore('trigger', 'RFIs.update', '--times', '20');
      expect(exitCode).toBe(1);
      expect(out).toContain('20 times update RFIs: 0 handled; 20 not.');
      expect(out).toMatch(
        /\d+ of RFIs of company 5358233 fail, last at \d\d:\d\d:\d\d UTC with RangeError: out of range/,
      );
      expect(out).toContain('nothing is lost, and nothing has to be sent again');
      expect(out).toContain('Procore is down: npm run procore -- stand-in up');
      expect(out).toContain('npm run procore -- status --local');
    });
  });
});

describe('procore stand-in', () => {
  it('has a command for everything that can be done, each with an example', () => {
    const ours = allCommands.map(({ words }) => words).filter((words) => words.startsWith('stand-in '));
    expect(ours.toSorted()).toEqual(standInCommands.map((name) => `stand-in ${name}`).toSorted());
  });

  it('takes Procore down and up again, and shows it', async () => {
    expect((await procore('stand-in', 'down')).out).toMatch(
      /^Procore is down: every call is answered 503, until: npm run procore -- stand-in up --local --endpoint \S+\.\n$/,
    );
    expect(await apiStatus()).toBe(503);
    expect((await procore('stand-in', 'status')).out).toContain('down: every call is answered 503');
    await procore('stand-in', 'up');
    expect(await apiStatus()).toBe(401);
    expect((await procore('stand-in', 'status')).out).toContain('Nothing is switched on.');
  });

  it('answers late, fails, refuses and disconnects, and forgets it all with up', async () => {
    const hook = makeHook('update');
    await procore('stand-in', 'slow', '--ms', '50');
    const began = performance.now();
    await apiStatus();
    expect(performance.now() - began).toBeGreaterThan(45);
    await procore('stand-in', 'fail', 'token', '--how', 'lost', '--times', '2');
    await procore('stand-in', 'refuse-tokens');
    await procore('stand-in', 'disconnect', companyId);
    await procore('stand-in', 'disable-hook', hook);
    const { out } = await procore('stand-in', 'status');
    for (const line of [
      'slow: ',
      'fail: the next 2 calls of token',
      'refuse-tokens: ',
      `the company ${companyId}`,
      hook,
    ]) {
      expect(out).toContain(line);
    }
    await procore('stand-in', 'up');
    await procore('stand-in', 'reconnect', companyId);
    await procore('stand-in', 'enable-hook');
    expect((await procore('stand-in', 'status')).out).toContain('Nothing is switched on.');
  });

  it('spends the rate limit', async () => {
    await procore('stand-in', 'limit', '--environment', 'production');
    expect((await fetch(`${operator.production().procoreApi}/rest/v1.0/me`)).status).toBe(429);
  });

  it('adds companies, and lists what it stores but no token', async () => {
    await procore('stand-in', 'companies', '13');
    const rows = async (...words: string[]) => {
      const { rows: listed } = (await procore('stand-in', 'list', ...words, '--json')).json() as { rows: object[] };
      return listed;
    };
    expect(await rows()).toHaveLength(13);
    expect(await rows('rfis', '--project', '9223372036854775783')).toHaveLength(3);
    expect(await rows('projects', '--company', companyId)).toHaveLength(2);
    expect(await rows('tokens')).toEqual([{ issued: expect.any(String), valid: expect.any(String) }]);
    makeHook('update');
    expect(await rows('hooks')).toMatchObject([{ status: 'active', triggers: 'RFIs.update' }]);
    expect((await procore('stand-in', 'list', 'Punch Items')).out).toBe('There are no Punch Items.\n');
  });
});

describe('the local system', () => {
  const ask = (key: string, host?: string) =>
    fetch(`${operator.system().aws}/local-control`, {
      method: 'POST',
      headers: { 'x-local-key': key, ...(host !== undefined && { host }) },
      body: JSON.stringify({ do: 'down' }),
    });

  it('does nothing for whoever has not the key, or has that of a function', async () => {
    expect((await ask('local-0123456789abcdef0123456789abcdef')).status).toBe(403);
    const { accessKeyId } = localCredentials(operator.system().aws, 'WebhookWorker');
    expect((await ask(accessKeyId)).status).toBeGreaterThanOrEqual(400);
    expect(control().switches().down).toBe(false);
  });

  it('is missed with what to do when nothing runs there', async () => {
    const { err, exitCode } = await runBare(['stand-in', 'status', '--endpoint', 'http://127.0.0.1:9']);
    expect(err).toContain('Nothing runs at http://127.0.0.1:9. Start it with npm start');
    expect(exitCode).toBe(5);
  });
});
