import { connect } from '../../operator/actions/connect.ts';
import { disconnect, rotate } from '../../operator/actions/connections.ts';
import { companiesOf, stoppedCompanies } from '../../operator/stopped-companies.ts';
import { listConnections, type StoredConnection } from '../../operator/stored-connection.ts';
import { counted, showTime } from '../../operator/table.ts';
import type { Page } from '../frame.ts';
import { createLookout, type Lookout } from '../lookout.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf } from '../request.ts';
import { confirmationPage, formToken, inEnvironment, type Routing } from '../routing.ts';
import {
  addConnection,
  connectionBadge,
  connectionButtons,
  connectionOf,
  lifeOf,
  pathOfConnection,
} from './connection.ts';

/** What a scan has read, and when. Times are epoch seconds. */
interface Scan {
  readonly at: number;
  readonly connections: readonly StoredConnection[];
  /** Companies to which the app is not connected. */
  readonly stopped: ReadonlySet<string>;
}

/** On AWS a scan is paid for: it is good for so many seconds. */
const scanSeconds = 300;

/** Adds the list of connections, the page of each, new links, rotation and disconnecting. */
export function addConnections(routing: Routing): void {
  const { app, context, place, page, done, form } = routing;
  const path = `${inEnvironment}/connections`;
  const scans = new Map<string, Lookout<Scan>>();
  const scanOf = (found: Place) => {
    const key = pathOf(found.environment);
    const lookout = scans.get(key) ?? scanLookout(context, found);
    scans.set(key, lookout);
    return lookout.current();
  };
  app.get(path, async (request) => {
    const found = await place(request);
    if (request.req.query('again') !== undefined) scans.delete(pathOf(found.environment));
    return page(request, connectionsPage(context, found, await scanOf(found)));
  });
  app.post(`${path}/link`, async (request) => {
    const found = await place(request);
    const { connection: [given = ''] = [], from: [from] = [] } = await form(request);
    const connectionId = given.trim();
    const { text } = await connect(found.session, linkOnly, connectionId);
    return page(request, linkPage(found, connectionId, text, backTo(found, connectionId, from)));
  });
  app.post(`${path}/:connection/rotate`, async (request) => {
    const [found, connectionId] = [await place(request), connectionOf(request)];
    const { from: [from] = [] } = await form(request);
    const { text } = await rotate(found.session, { environment: undefined }, connectionId);
    scans.delete(pathOf(found.environment));
    return done(request, backTo(found, connectionId, from), { ok: true, text });
  });
  app.post(`${path}/:connection/disconnect`, async (request) => {
    const [found, connectionId] = [await place(request), connectionOf(request)];
    const { sure, from: [from = 'list'] = [] } = await form(request);
    const [own, back] = [pathOf(found.environment), backTo(found, connectionId, from)];
    if (sure === undefined) {
      const question = `Disconnect "${connectionId}" in ${found.environment.name}? Its tokens are revoked at Procore, and a person has to connect it again.`;
      const path = `${pathOfConnection(own, connectionId)}/disconnect`;
      const action = { path, name: 'Disconnect it', fields: { from } };
      return page(request, confirmationPage(context, found, { question, action, back }));
    }
    const { text } = await disconnect(found.session, { environment: undefined, yes: true }, connectionId);
    scans.delete(own);
    return done(request, back, { ok: true, text });
  });
  addConnection(routing);
}

/** Where a button leads back to: to the page that it stands on. */
function backTo({ environment }: Place, connectionId: string, from: string | undefined): string {
  const own = pathOf(environment);
  return from === 'page' ? pathOfConnection(own, connectionId) : `${own}/connections`;
}

/** The link alone: nobody waits here for the person who opens it. */
const linkOnly = {
  ...{ environment: undefined, displayName: undefined, returnTo: undefined, company: undefined },
  ...{ confirm: false, noOpen: true, noWait: true, serviceAccount: false },
} as const;

function scanLookout({ clock }: ConsoleContext, { environment }: Place): Lookout<Scan> {
  return createLookout(
    async () => {
      const connections = await listConnections(
        environment,
        () => {},
        () => {},
      );
      const stopped = await stoppedCompanies(environment, connections.flatMap(companiesOf));
      return { at: clock(), connections, stopped: new Set(stopped.map(({ companyId }) => companyId)) };
    },
    () => (environment.local ? 0 : scanSeconds),
    clock,
  );
}

function connectionsPage(context: ConsoleContext, { environment }: Place, { at, connections, stopped }: Scan): Page {
  const path = `${pathOf(environment)}/connections`;
  const rows = connections.map((one) => connectionRow(context, pathOf(environment), one, stopped));
  return {
    title: 'Connections',
    about: environment,
    section: 'connections',
    body: markup`<section class="sheet"><h2>Connect an account</h2>
<form method="post" action="${path}/link">${formToken(context.entrance.formToken)}<div class="fields"><label>The key under which your system knows the customer <input name="connection" required></label><button>Make a link</button></div></form></section>
<section class="sheet" aria-label="Connections">
<p class="quiet">Read <time>${showTime(at)}</time>${environment.local ? nothing : markup` by a scan, which is taken over for five minutes. <a href="${path}?again">Read again</a>`}.</p>
${
  rows.length === 0
    ? markup`<p>No connections yet.</p>`
    : markup`<table class="cards"><thead><tr><th scope="col">Connection</th><th scope="col">Status</th><th scope="col">Life of the token</th><th scope="col">Companies</th><th scope="col">Do</th></tr></thead><tbody>${rows}</tbody></table>`
}
</section>`,
  };
}

function connectionRow(
  context: ConsoleContext,
  path: string,
  connection: StoredConnection,
  stopped: ReadonlySet<string>,
): Markup {
  const { connectionId, generation, grant, cause, failure, companiesCount } = connection;
  const companies = [...new Set(companiesOf(connection))].map((id) =>
    stopped.has(id) ? `${id} (app not connected)` : id,
  );
  const more = Math.max(0, (companiesCount ?? 0) - companies.length);
  const why = [cause, failure && `${failure.code}, ${counted(failure.count, 'time')}`].filter(Boolean).join('; ');
  return markup`<tr id="connection-${connectionId}"><td data-name="Connection"><a href="${pathOfConnection(path, connectionId)}"><strong>${connectionId}</strong></a><br><span class="quiet whole">${grant}</span><br><span class="quiet">generation ${generation}</span></td>
<td data-name="Status">${connectionBadge(connection)} ${why}</td>
<td data-name="Life of the token">${lifeOf(connection, context.clock())}</td>
<td data-name="Companies">${companies.join(', ') || '-'}${more > 0 ? ` and ${more} more` : ''}</td>
<td>${connectionButtons(context, path, connection, 'list')}</td></tr>`;
}

function linkPage({ environment }: Place, connectionId: string, link: string, back: string): Page {
  return {
    title: 'A link to connect',
    about: environment,
    section: 'connections',
    body: markup`<section class="sheet" aria-label="The link"><p>Send this link to the person who signs in to Procore for "${connectionId}". It lives 15 minutes and works once.</p>
<pre id="link" tabindex="0" role="group" aria-label="The link">${link}</pre><button type="button" data-copy="link">Copy</button>
<p></p><p><a href="${back}">Back</a></p></section>`,
  };
}
