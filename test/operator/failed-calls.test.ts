import { fileURLToPath } from 'node:url';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Person } from '../../lib/local/person.ts';
import type { Finding } from '../../lib/operator/doctor/evidence.ts';
import type { Heading } from '../../lib/operator/doctor/headings.ts';
import { startSandboxStack, synthesizeSandbox } from '../end-to-end/sandbox-stack.ts';
import { runBare } from './operator.ts';
import { forgetRateBudgets } from './rate-budgets.ts';

const company = '5358233';
const bridge = '23498237';

let running: Awaited<ReturnType<typeof startSandboxStack>> | undefined;
const printed: string[] = [];

function system() {
  if (!running) throw new Error('The system is only there while tests run.');
  return running;
}

async function procore(...argv: string[]) {
  const ran = await runBare([...argv, '--local', '--endpoint', system().stack.endpoint]);
  printed.push(ran.out, ran.err);
  return ran;
}

beforeAll(async () => {
  // The worker runs a handler whose calls fail.
  const onEventEntry = fileURLToPath(new URL('../fixtures/calling-on-event.ts', import.meta.url));
  running = await startSandboxStack({ assembly: await synthesizeSandbox(), onEventEntry });
  await running.connect('acme');
  const subscribed = ['--company', company, '--connection', 'acme', '--resources', 'RFIs', '--projects', bridge];
  expect(await procore('webhooks', 'apply', ...subscribed)).toMatchObject({ exitCode: 0 });
}, 60_000);

afterAll(async () => {
  const { written, standIn } = system();
  const secrets = [
    ...standIn.control.issuedSecrets(),
    'local-sandbox-client-secret',
    'canary-in-a-body',
    'canary-in-a-text',
  ];
  const all = [...printed, ...written].join('\n');
  await system().stop();
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
});

/** Lets the worker make a call that fails. @returns the reference id, as the log has it */
async function fail(resourceId: string, code: string): Promise<string> {
  const { standIn, log, written } = system();
  await standIn.control.emitEvent({
    ...{ companyId: company, projectId: bridge, resourceName: 'RFIs', eventType: 'update', resourceId },
  });
  await log.waitFor('api.call_failed', { code });
  const line = written.findLast((text) => text.includes('api.call_failed') && text.includes(`"${code}"`));
  return (JSON.parse(line ?? '{}') as { referenceId: string }).referenceId;
}

async function finding(heading: Heading): Promise<Finding | undefined> {
  // Past the short window of the stand-in's rate limit, which a doctor would wait for.
  await system().standIn.control.advance(11);
  await forgetRateBudgets(system().clients.dynamoDb, system().output('TableRateBudget'));
  const { findings } = (await procore('doctor', 'sandbox', '--json')).json() as { findings: readonly Finding[] };
  return findings.find((each) => each.heading === heading);
}

async function forget(referenceId: string): Promise<void> {
  const Key = { id: { S: `exchange#${referenceId}` } };
  await system().clients.dynamoDb.send(new DeleteItemCommand({ TableName: system().output('TableRateBudget'), Key }));
}

describe('calls that the worker made and that failed', { timeout: 60_000 }, () => {
  it('are found by doctor under the heading that they belong to, with the way to the report', async () => {
    expect(await finding('400: Bad Request')).toMatchObject({ verdict: 'ok' });
    const reference = await fail('400', 'parameter_missing');
    const found = await finding('400: Bad Request');
    expect(found).toMatchObject({ verdict: 'problem', diagnosisId: 'parameter_missing', actor: 'developer' });
    expect(found?.evidence).toMatch(
      /^\d calls? in the last day, the last at \S+Z: POST \/rest\/v1.0\/projects\/\d+\/direct_costs, status 400\./,
    );
    expect(reference).toMatch(/^[\w.:-]+$/);
    expect(found?.evidence).toMatch(/support-report [\w.:-]+ --environment sandbox\./);

    await fail('422', 'unknown_reference');
    const unprocessable = await finding('422: Unprocessable Entity');
    expect(unprocessable?.verdict).toBe('problem');
    expect(['unknown_reference', 'unprocessable']).toContain(unprocessable?.diagnosisId);
  });

  it('are tried again when access was refused: given meanwhile, doctor is silent', async () => {
    const { control } = system().standIn;
    control.setForbidden(bridge, 'tool-disabled');
    await fail('403', 'forbidden');
    const found = await finding('403: Tool disabled in the project');
    expect(found).toMatchObject({ verdict: 'problem' });
    // The doctor's own call is kept as well.
    const [, reference = ''] = /support-report (\S+) --environment sandbox\./.exec(found?.evidence ?? '') ?? [];
    expect((await procore('support-report', reference)).out).toMatch(/Status: 403\n/);
    control.setForbidden(bridge, undefined);
    expect(await finding('403: Tool disabled in the project')).toMatchObject({ verdict: 'ok' });
    expect(await finding('403: Insufficient permissions')).toMatchObject({ verdict: 'ok' });
  });
});

describe('an event that failed', { timeout: 60_000 }, () => {
  it('is shown with the line of on-event.ts that threw, and what it said, without secrets', async () => {
    const { standIn, log, written } = system();
    await standIn.control.emitEvent({
      ...{ companyId: company, projectId: bridge, resourceName: 'RFIs', eventType: 'update', resourceId: '500' },
    });
    await log.waitFor('event.failed', { errorName: 'Error' });
    const line = written.findLast((text) => text.includes('"event.failed"'));
    const { eventId } = JSON.parse(line ?? '{}') as { eventId: string };
    // The log has the line before the ledger has the try.
    const shown = await vi.waitUntil(
      async () => {
        const { out } = await procore('events', 'show', eventId);
        return out.includes('tries') && out;
      },
      { timeout: 20_000, interval: 200 },
    );
    expect(shown).toMatch(/failed after \d+ ms:\s+Error\s+at\s+calling-on-event\.ts:9:\d+\n {4}no customer 17, tried/);
    const tail = await procore('events', 'tail', '--since', '10m', '--for', '0');
    expect(tail.out).toMatch(/Error at calling-on-event\.ts:9/);
    expect(tail.out).toMatch(/no customer \{ token: '\(left out\)' \}/);
    const json = (await procore('events', 'tail', '--since', '10m', '--for', '0', '--json')).out.split('\n');
    expect(
      json.filter((text) => text.includes(eventId) && text.includes('"frame":"calling-on-event.ts:9:')),
    ).not.toEqual([]);
  });
});

describe('a call of a command that failed', { timeout: 60_000 }, () => {
  it('is named with its reference, and kept for the report', async () => {
    const { standIn } = system();
    await standIn.control.advance(11);
    standIn.control.setForbidden(company, 'outside-scope');
    const ran = await procore('webhooks', 'apply', '--company', company);
    standIn.control.setForbidden(company, undefined);
    expect(ran.exitCode).not.toBe(0);
    const [, reference = ''] = /support-report (\S+) --environment sandbox/.exec(ran.err) ?? [];
    const { out, exitCode } = await procore('support-report', reference);
    expect(exitCode).toBe(0);
    expect(out).not.toContain('not kept any more');
    expect(out).toMatch(/Status: 40\d\n/);
  });
});

describe('support-report', { timeout: 60_000 }, () => {
  it('writes everything that Procore’s support asks for, without secrets', async () => {
    const reference = await fail('422', 'unknown_reference');
    const { out, exitCode } = await procore('support-report', reference);
    expect(exitCode).toBe(0);
    const { origin } = new URL(system().standIn.apiOrigin);
    for (const part of [
      'To: apisupport@procore.com',
      `POST ${origin}/rest/v1.0/projects/${bridge}/direct_costs`,
      `procore-company-id: ${company}`,
      'content-type: application/json',
      '"description":"gravel"',
      '"secret":"(left out)"',
      `Request id (x-request-id): ${reference}`,
      '(unknown_reference)',
      'status.procore.com is not asked: this environment talks to',
    ]) {
      expect(out).toContain(part);
    }
    expect(out).toMatch(/Status: 4\d\d\n/);
    expect(out).toMatch(/Time: \d{4}-\d\d-\d\dT/);
  });

  it('keeps the full URL, which the log has not', async () => {
    const reference = await fail('400', 'parameter_missing');
    expect((await procore('support-report', reference)).out).toContain('direct_costs?view=extended');
    expect(system().written.filter((line) => line.includes('extended') || line.includes('gravel'))).toEqual([]);
  });

  it('says from the log what is left when the call itself is kept no more', async () => {
    const reference = await fail('400', 'parameter_missing');
    await forget(reference);
    const { out, exitCode } = await procore('support-report', reference, '--environment', 'sandbox');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/not kept any more/);
    expect(out).toContain(`/rest/v1.0/projects/${bridge}/direct_costs`);
    expect(out).toContain('Status: 400');
    expect(out).toContain(reference);
  });

  it('explains the reference that a page of connecting gave to a person', async () => {
    const { url } = await system().invoke<{ url: string }>('ConnectLink', { connectionId: 'code' });
    const person = new Person();
    const asked = await person.press(await person.open(url), 'Connect to Procore');
    const state = new URL(asked.url).searchParams.get('state');
    const page = await person.open(`${system().output('CallbackUrl')}?code=used-or-too-old&state=${state}`);
    const reference = /[Rr]eference[^<]*(?:<[^>]+>\s*)*([A-Za-z0-9]{12})/.exec(page.html)?.[1] ?? '';
    const { out, exitCode } = await procore('support-report', reference);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^connection +code$/m);
    expect(out).toMatch(/^what +code_refused$/m);
    expect(out).toMatch(/remedy +Start again from the connect link/);
    expect(out).not.toContain('used-or-too-old');
    // And doctor counts it, until an account has been connected with a newer link.
    expect(await finding('Authorization code errors')).toMatchObject({
      verdict: 'problem',
      diagnosisId: 'authorization_code_invalid',
    });
    await system().connect('code');
    expect(await finding('Authorization code errors')).toMatchObject({ verdict: 'ok' });
  });

  it('ends with 3 for a reference that nobody knows, and with 2 for what is none', async () => {
    expect((await procore('support-report', 'nobody-knows')).exitCode).toBe(3);
    expect((await procore('support-report', '"; drop')).exitCode).toBe(2);
  });
});
