import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { provenance } from '../../functions/webhook/event-message.ts';
import { Person } from '../../lib/local/person.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { standInCommands } from '../../lib/local-control.ts';
import { openLocalConsole } from '../../lib/operator/command-line.ts';
import { findDeployment } from '../../lib/operator/deployment.ts';
import type { OpenConsole } from '../../lib/operator/session.ts';
import { createTerminal } from '../../lib/operator/terminal.ts';
import { surroundingsOf, useOperator } from '../operator/operator.ts';
import { sampleEvent, sampleTries } from '../webhook/sample-events.ts';
import { type Visitor, visit } from './visitor.ts';

// What the pages do, without a browser. How they look and what changes by itself stands in test/browser/console.test.ts.

const { system, sandbox, procore, alsoPrinted } = useOperator();
const nowhere = { write: () => {} };
const terminal = createTerminal({ stdout: nowhere, stderr: nowhere, interactive: false, variables: {} });
const companyId = '5358233';
let opened: OpenConsole;
let visitor: Visitor;
let sqs: SQSClient;

beforeAll(async () => {
  sqs = new SQSClient(clientOptions(system().aws));
  opened = await openLocalConsole(system().aws, terminal, surroundingsOf());
  const { open, press, first } = await visit(opened.address);
  /** Whatever is shown is searched for secrets at the end. */
  const kept = async <T extends { readonly html: string }>(shown: Promise<T>) => {
    const page = await shown;
    alsoPrinted(page.html);
    return page;
  };
  visitor = { first, open: (path) => kept(open(path)), press: (...given) => kept(press(...given)) };
  const { out } = await procore(['connect', 'acme', '--environment', 'sandbox', '--no-wait']);
  await allow(out.trim());
  const subscribed = ['--company', companyId, '--connection', 'acme', '--resources', 'RFIs', '--projects', '23498237'];
  await procore(['webhooks', 'apply', '--environment', 'sandbox', ...subscribed]);
}, 60_000);
afterAll(async () => {
  await opened?.close();
  sqs.destroy();
});

async function allow(link: string): Promise<void> {
  const customer = new Person();
  const allowed = await customer.press(await customer.press(await customer.open(link), 'Connect to Procore'), 'Allow');
  if (allowed.html.includes('Use this company')) await customer.press(allowed, 'Use this company');
}

async function ledgerOfSandbox() {
  const { environments } = await findDeployment({ stackName: 'Local', localEndpoint: system().aws });
  const found = environments.find(({ name }) => name === 'sandbox');
  if (found === undefined) throw new Error('There is a sandbox.');
  const { clients, tableName } = found;
  const place = { client: clients.dynamoDb, table: tableName('Deliveries'), environment: 'sandbox' } as const;
  // However busy this machine is.
  return { store: dynamoDbLedger({ ...place, clock: () => Date.now() / 1000, callMs: 30_000 }) };
}

const of = (page: string) => visitor.open(`/s/Local/sandbox/${page}`);

/** Puts messages into the dead-letter queue, each of a group of its own. */
async function bury(...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    const group = {
      MessageGroupId: body.slice(0, 100).replaceAll(/\W/g, ''),
      MessageDeduplicationId: crypto.randomUUID(),
    };
    await sqs.send(
      new SendMessageCommand({ QueueUrl: sandbox().queues.EventsDeadLetter, MessageBody: body, ...group }),
    );
  }
}

it('lists events, shows one, sends it again, and follows what arrives', async () => {
  const { html: happened } = await visitor.press(await of('stand-in'), 'Let it happen', { event: 'RFIs.update' });
  expect(happened).toContain('What came of it');
  const { html } = await of('events?resource=RFIs');
  const eventId = /id="event-([^"]*)"/.exec(html)?.[1] ?? '';
  expect((await of('events?resource=Submittals')).html).toContain('No event of this time fits.');
  expect((await of('events?before=1000')).html).toContain('The newest');
  // Nothing is older than what is shown, nor than the beginning.
  expect((await of('events')).html).not.toContain('>Older<');
  expect((await of('events?before=1000')).html).not.toContain('>Older<');
  const arrivals = await of(`events?before=${Math.ceil(Date.now() / 1000) + 5 * 86_400}`);
  expect(arrivals.html).toContain('>Older<');
  const one = await of(`events/${eventId}`);
  expect(one.html).toContain('sampleEvent(&#39;RFIs&#39;, &#39;update&#39;, {');
  expect((await visitor.press(one, 'Send it to on-event.ts again')).html).toContain('Sent 1 event to the queue again');
  expect(await visitor.first('/s/Local/sandbox/live/events')).toMatch(/^event: rows\ndata: .*RFIs update/);
  expect(await visitor.first('/live/overview')).toMatch(/^event: content\ndata: .*production.*sandbox/);
  expect((await of('activity')).html).toContain('The same as a table');
  expect((await of('events/unknown')).status).toBe(404);
});

it('shows what Procore says of an event’s resource now, and the cause and remedy when it refuses', async () => {
  const { html } = await of('events?resource=RFIs');
  const eventId = /id="event-([^"]*)"/.exec(html)?.[1] ?? '';
  // On a busy machine the ledger does not tell in time, and the page says so.
  const marks = async () => /<dt>marks now<\/dt><dd>([^<]*)/.exec((await of(`events/${eventId}`)).html)?.[1];
  await expect.poll(marks, { timeout: 30_000 }).toContain('handled before');
  const page = await of(`events/${eventId}`);
  const asked = await visitor.press(page, 'Ask Procore');
  const resourceId = /RFIs update (\d+)<\/h1>/.exec(page.html)?.[1] ?? '';
  expect(asked.html).toContain(`/rest/v1.0/projects/23498237/rfis/${resourceId}</code>, asked as the connection acme`);
  // An id beyond 2^53 is kept to the digit, as a text.
  expect(asked.html).toContain(`&quot;id&quot;: &quot;${resourceId}&quot;`);
  const { json } = await procore(['events', 'show', eventId, '--resource-now', '--json', '--environment', 'sandbox']);
  expect(json()).toMatchObject({ resourceNow: { connectionId: 'acme' }, marks: { unsubscribed: false } });

  const control = sandbox().standIn?.control;
  control?.setConnected(companyId, false);
  const refused = await visitor.press(page, 'Ask Procore');
  control?.setConnected(companyId, true);
  expect([refused.status, refused.html]).toEqual([200, expect.stringContaining('role="alert"')]);
  expect(refused.html).toMatch(/App Management|install/);
});

it('says honestly when a resource cannot be read: no known path, no project, no record, no subscription', async () => {
  const { store } = await ledgerOfSandbox();
  const seen = async (index: number, otherwise: object) => {
    const event = sampleEvent({
      id: `01JMYXMZRBVKK0PC6XS8SA5Q0${index}`,
      companyId,
      projectId: '23498237',
      ...otherwise,
    });
    await store.record(event, Date.now() / 1000);
    return (await visitor.press(await of(`events/${event.id}`), 'Ask Procore')).html;
  };
  expect(await seen(1, { resourceName: 'Meetings' })).toContain(
    'It is not known by which path Procore shows one record',
  );
  expect(await seen(2, { projectId: null })).toContain('the event names none');
  expect(await seen(3, { resourceId: '1' })).toContain('Procore answers 404 in both cases');
  expect(await seen(4, { companyId: '1' })).toContain('No subscription of');
  // The stand-in knows no such endpoint, and answers as Procore does for a path that does not exist.
  expect(await seen(5, { resourceName: 'Tasks', resourceId: '1' })).toContain('no single records where the list');
});

it('redrives the dead letter of one event from its page', async () => {
  const { store } = await ledgerOfSandbox();
  const event = sampleEvent({ id: '01JMYXMZRBVKK0PC6XS8SA4QRF', companyId });
  await store.record(event, Date.now() / 1000);
  const dead = { reason: 'permanent', detail: 'no hope' } as const;
  await store.recordFailure({ kind: 'webhook_event', event }, sampleTries(), dead);
  const gone = await visitor.press(await of(`events/${event.id}`), 'Redrive its dead letter');
  expect([gone.status, gone.html]).toEqual([404, expect.stringContaining('is not among the dead letters')]);
  const letter = { kind: 'webhook_event', ...provenance('live'), environment: 'sandbox', event, receivedAt: 1 };
  await bury(JSON.stringify(letter));
  const redriven = await visitor.press(await of(`events/${event.id}`), 'Redrive its dead letter');
  expect(redriven.html).toContain('Sent 1 dead letter to the queue again.');
  await expect.poll(async () => (await store.find(event.id))?.handledAt, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await of(`events/${event.id}`)).html).not.toContain('Redrive its dead letter');
});

it('says that there are no dead letters, and what they would be', async () => {
  const { html } = await visitor.open('/s/Local/production/dead');
  expect(html).toContain('There are none. Events that on-event.ts gives up');
  expect(html).not.toContain('Send all again');
});

it('sends dead letters again: none without a choice, and all when all are meant', async () => {
  const event = sampleEvent({ id: '01JMYXMZRBVKK0PC6XS8SA4QRE', companyId });
  const letter = { kind: 'webhook_event', ...provenance('live'), environment: 'sandbox', event, receivedAt: 1 };
  await bury(JSON.stringify(letter));
  const page = await of('dead');
  expect(page.html).toContain('about 1 message;');
  expect((await visitor.press(page, 'Send all again')).html).toContain('Sent 1 dead letter to the queue again.');
  expect((await of('dead')).html).toContain('There are none.');
});

it('shows what could not be read, its body, and deletes it only when asked twice', async () => {
  const strange = Buffer.from('{"<script>": 1, "\u0000": 2}');
  const facts = { reason: 'not_json', receivedAt: 1, bytes: strange.length, sha256: 'ab'.repeat(32) };
  const MessageBody = JSON.stringify({ ...facts, bodyBase64: strange.toString('base64') });
  const QueueUrl = sandbox().queues.Quarantine;
  expect((await of('quarantine')).html).toContain('There are none, as far as the queue counts.');
  expect((await visitor.press(await of('quarantine'), 'Look at them')).html).toContain('The quarantine is empty.');
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  const { Messages: [taken] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  const held = await visitor.press(await of('quarantine'), 'Look at them');
  expect(held.html).toContain('About 1 delivery is in the hands of another look.');
  const given = { QueueUrl, ReceiptHandle: taken?.ReceiptHandle, VisibilityTimeout: 0 };
  await sqs.send(new ChangeMessageVisibilityCommand(given));
  expect((await of('quarantine')).html).toContain('About 1 delivery that');
  const list = await visitor.press(await of('quarantine'), 'Look at them');
  expect(list.html).toContain('not_json');
  const { html } = await visitor.press(list, 'Body');
  expect(html).toContain('{&quot;&lt;script&gt;&quot;: 1, &quot;\uFFFD&quot;: 2}');
  expect(html).toContain('000000  7b 22 3c 73');
  const retried = await visitor.press(await of('quarantine'), 'Take in what can be read by now');
  expect(retried.html).toContain('Took in 0 deliveries; 1 cannot be read yet.');
  const question = await visitor.press(list, 'Delete');
  expect(question.html).toContain('Nobody can bring it back');
  expect((await of('quarantine')).html).toContain('About 1 delivery that');
  expect((await visitor.press(question, 'Delete it')).html).toContain('Deleted.');
  expect((await visitor.press(question, 'Delete it')).html).toContain('It was not there any more.');
});

it('shows connections, rotates, makes a link, and disconnects only when asked twice', async () => {
  expect((await of('connections')).html).toMatch(/acme.*authorization_code.*generation 1.*connected.*min left/s);
  const rotated = await visitor.press(await of('connections'), 'Rotate');
  expect(rotated.html).toMatch(/otated: generation 1/);
  const made = await visitor.press(rotated, 'Make a link', { connection: ' new-customer ' });
  const link = /id="link"[^>]*>([^<]*)</.exec(made.html)?.[1] ?? '';
  await allow(link.replaceAll('&amp;', '&'));
  const all = await of('connections');
  expect(all.html).toContain('id="connection-new-customer"');
  // The first row is that of acme.
  const question = await visitor.press(all, 'Disconnect');
  expect(question.html).toContain('Disconnect &quot;acme&quot; in sandbox?');
  expect((await of('connections')).html.match(/badge connected/g)).toHaveLength(2);
  const refused = await visitor.press(all, 'Make a link', { connection: 'not a name' });
  expect(refused.status).toBe(400);
});

it('shows one connection with what has become of it, and says which one there is not', async () => {
  const one = await of('connections/acme');
  expect(one.html).toMatch(/<h1>acme<.*89 of 90 min left.*Generations of its tokens.*A person connected the account/s);
  // Whose id begins with it is another one.
  expect(one.html.match(/connection\.authorized/g)).toHaveLength(1);
  expect((await visitor.press(one, 'Rotate')).html).toMatch(/<h1>acme<.*otated: generation 1/s);
  expect((await visitor.press(one, 'Disconnect')).html).toMatch(/href="[^"]*connections\/acme">No, go back/);
  expect((await visitor.press(one, 'Make a link')).html).toMatch(/id="link".*href="[^"]*connections\/acme">Back/s);
  expect((await of('connections/acm')).status).toBe(404);
  expect((await of('connections/not%20one')).status).toBe(400);
});

it('shows subscriptions, finds a disabled hook at Procore, and repairs it', async () => {
  const control = sandbox().standIn?.control;
  const hook = control?.hooks()[0]?.id ?? '';
  control?.setHookStatus(hook, 'disabled');
  // What the overview has seen, the page shows where the overview leads to.
  await visitor.open('/');
  const page = await of('hooks');
  expect(page.html).toMatch(new RegExp(`${hook} \\(project 23498237\\) <span class="badge failed">disabled</span>`));
  expect(page.html).toMatch(/<td data-name="Oldest look"><time/);
  expect(page.html).toContain('RFIs (create, update, delete)');
  expect((await visitor.press(page, 'Ask Procore how they stand')).html).toContain(
    `hook ${hook} of company ${companyId} is disabled`,
  );
  const repaired = await visitor.press(page, 'Repair what differs');
  expect(repaired.html).toContain('What the doctor has done and found');
  expect(control?.hooks()[0]?.status).toBe('active');
});

it('lets the doctor look, and says what is wrong with what was given', async () => {
  const found = await visitor.press(await of('doctor'), 'Examine', { connection: 'acme', company: companyId });
  expect(found.html).toContain('Authentication &amp; Token Issues');
  const wrong = await visitor.press(await of('doctor'), 'Examine', { company: 'no number' });
  expect(wrong.status).toBe(400);
  const unknown = await visitor.press(await of('doctor'), 'Write the report', { reference: 'unknown-1' });
  expect([unknown.status, unknown.html]).toEqual([404, expect.stringContaining('Nothing is known of')]);
});

it('shows the log of every function, and what fits a filter', async () => {
  const { html } = await of('log');
  // Of a system on this machine also functions that no output of a deployed stack names.
  expect(html).toMatch(/connect-link<\/td><td data-name="What"><strong>oauth\.link_issued/);
  expect(html).toMatch(/webhook-worker<\/td><td data-name="What"><strong>event\.received/);
  const filtered = (await of('log?event=oauth.&level=INFO')).html;
  expect(filtered).toContain('<strong>oauth.link_issued');
  expect(filtered).not.toContain('<strong>event.received');
  expect((await of('log?level=ERROR&event=oauth.')).html).toContain('No line of this time fits.');
  expect((await of('log?connection=acme')).html).toContain('acme');
  expect((await of('log?connection=nobody')).html).toContain('No line of this time fits.');
  expect((await of('log?text=LINK_iss')).html).toContain('<strong>oauth.link_issued');
  expect(await visitor.first('/s/Local/sandbox/live/log?event=oauth.link')).toMatch(
    /^event: rows\ndata: .*oauth\.link_issued/,
  );
});

it('lets something happen at the stand-in, as the command line does: with company, project, times and a duplicate', async () => {
  const wanted = { event: 'RFIs.update', company: companyId, project: '23498237', times: '2' };
  const happened = await visitor.press(await of('stand-in'), 'Let it happen', wanted);
  expect([happened.status, happened.html]).toEqual([200, expect.stringContaining('What came of it')]);
  expect(happened.html).toContain('2 times update RFIs: 2 handled');
  const twice = { event: 'RFIs.update', times: '1', duplicate: 'yes' };
  expect((await visitor.press(happened, 'Let it happen', twice)).html).toContain('known as a duplicate');
  const both = await visitor.press(happened, 'Let it happen', { ...twice, old: 'yes' });
  expect([both.status, both.html]).toEqual([400, expect.stringContaining('--old and --duplicate are two things')]);
});

it('has every switch of the command line, each with its values, and refuses what the command line refuses', async () => {
  const page = await of('stand-in');
  for (const name of standInCommands.filter((one) => one !== 'status' && one !== 'list')) {
    expect(page.html, name).toContain(`action="/s/Local/sandbox/stand-in/switch/${name}"`);
  }
  const control = sandbox().standIn?.control;
  const said = async (button: string, fields = {}) => (await visitor.press(page, button, fields)).html;
  expect(await said('Slow', { ms: '1234' })).toContain('is answered 1234 ms late');
  expect(await said('Fail', { route: 'token', how: 'throttled', times: '3' })).toContain('3 calls of token fail');
  expect(await said('Up')).toContain('Procore works');
  expect(control?.switches()).toMatchObject({ down: false, troubled: undefined });
  expect(await said('Disconnect', { company: companyId })).toContain(`${companyId} has disconnected the app`);
  expect(await said('Reconnect', { company: companyId })).toContain('has the app again');
  const wrong = await visitor.press(page, 'Slow', { ms: 'never' });
  expect([wrong.status, wrong.html]).toEqual([400, expect.stringContaining('--ms is a whole number from 1 to 600000')]);
  const missing = await visitor.press(page, 'Disconnect');
  expect([missing.status, missing.html]).toEqual([400, expect.stringContaining('COMPANY is missing')]);
  expect((await visitor.press(page, 'Fail', { route: 'nowhere' })).html).toContain('ROUTE is token, tokenInfo');
  const how = await visitor.press(page, 'Fail', { route: 'api', how: 'nohow' });
  expect(how.html).toContain('--how is one of: lost, lost-after-effect');
});

it('lists what the stand-in stores, as the command line does', async () => {
  const page = await of('stand-in');
  const listed = await visitor.press(page, 'List it', { what: 'companies' });
  expect(listed.html).toContain(`<td data-name="id">${companyId}</td>`);
  expect((await visitor.press(page, 'List it', { what: 'RFIs', project: '1' })).html).toContain('There are none.');
  expect((await visitor.press(page, 'List it', { what: 'nothing' })).status).toBe(400);
});

it('has a page of every event, whatever its id, and its buttons lead to it', async () => {
  const { store } = await ledgerOfSandbox();
  for (const id of ['live', '.', '..', '~', '~.', '~~', 'a/../b?c=1#d%2f', 'replay']) {
    await store.record(sampleEvent({ id }), Date.now() / 1000);
    const row = (await of(`events?id=${encodeURIComponent(id)}`)).html
      .split('<tr ')
      .find((each) => each.includes(`<code>${id}</code>`));
    const path = /href="([^"]*)"/.exec(row ?? '')?.[1] ?? '';
    const shown = await visitor.open(path);
    expect([shown.status, shown.html.includes(`<dt>event</dt><dd>${id}</dd>`)], id).toEqual([200, true]);
    expect((await visitor.press(shown, 'Send it to on-event.ts again')).html, id).toContain('Sent 1 event');
  }
});

it('says of what did not work on which page, with a command of this system, and the way back', async () => {
  const { status, html } = await of('connections/unknown');
  expect(status).toBe(404);
  expect(html).toContain(
    `npm run procore -- connections list --environment sandbox --local --endpoint ${system().aws}</p>`,
  );
  expect(html).toContain('<a href="/s/Local/sandbox/connections">Back to Connections</a>');
  expect(html).toMatch(/href="\/s\/Local\/sandbox\/connections"[^>]*aria-current="page"/);
  const pressed = await visitor.press(await of('doctor'), 'Examine', { company: 'none' });
  expect([pressed.status, pressed.html.includes('>Back to Doctor</a>')]).toEqual([400, true]);
});

it('takes any address: what no time can be is left out', async () => {
  for (const before of ['99999999999999999', '1e999', '-5', 'x']) {
    expect([before, (await of(`events?before=${before}`)).status]).toEqual([before, 200]);
  }
});

it('ends a connection', async () => {
  const question = await visitor.press(await of('connections'), 'Disconnect');
  const ended = await visitor.press(question, 'Disconnect it');
  expect(ended.html).toContain('Disconnected');
  expect(ended.html).toContain('badge disconnected');
});
