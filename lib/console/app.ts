import { type Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { streamSSE } from 'hono/streaming';
import { exitCodes, OperatorError } from '../operator/exit-codes.ts';
import { explain } from '../operator/explained-error.ts';
import { browserScript } from './browser-script.ts';
import { framed, type Page, type Said, type Section, type ShownEnvironment, sections } from './frame.ts';
import { securityHeaders } from './headers.ts';
import { markup, nothing } from './markup.ts';
import { addActivity } from './pages/activity.ts';
import { addConnections } from './pages/connections.ts';
import { addDeadLetters } from './pages/dead.ts';
import { addDoctor } from './pages/doctor.ts';
import { addEvent } from './pages/event.ts';
import { addEvents } from './pages/events.ts';
import { addHooks } from './pages/hooks.ts';
import { addLog } from './pages/log.ts';
import { addOverview } from './pages/overview.ts';
import { addQuarantine } from './pages/quarantine.ts';
import { addStandIn } from './pages/stand-in.ts';
import { type ConsoleContext, completed, pathOf } from './request.ts';
import type { Routing } from './routing.ts';
import { style } from './style.ts';

/** The longest body of a form that is taken, in bytes: hundreds of chosen ids. */
const longestForm = 64 * 1024;

/**
 * Makes the console: who may come in, its pages, and what their buttons do.
 *
 * Every answer has the headers of {@link securityHeaders}. Without the cookie only the style sheet and the script are
 * given, which hold nothing. What changes something is a POST of our own page: of this origin, and with the form's token.
 */
export function consoleApp(context: ConsoleContext): Hono {
  const app = new Hono();
  app.use(async (request, next) => {
    for (const [name, value] of Object.entries(securityHeaders)) request.header(name, value);
    await next();
  });
  app.get('/style.css', (request) => request.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/script.js', (request) =>
    request.body(browserScript, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  );
  letIn(app, context);
  addPages(app, context);
  const notFound: Page = { title: 'Not found', body: markup`<p>There is no such page.</p>`, status: 404 };
  app.notFound((request) => showAmongOthers(request, context, notFound));
  app.onError(async (error, request) => {
    const environments = await shownEnvironments(context);
    return show(request, context, errorPage(context, request, error, environments), environments);
  });
  return app;
}

/** Says what went wrong on the page that was asked for, with commands that mean its environment, and the way back. */
function errorPage(
  { selection, local }: ConsoleContext,
  request: Context,
  error: unknown,
  environments: readonly ShownEnvironment[],
): Page {
  const { code, message, exitCode } = explain(error, local);
  const status = { [exitCodes.notFound]: 404, [exitCodes.usage]: 400, [exitCodes.aws]: 502 }[exitCode as number] ?? 500;
  const { pathname } = new URL(request.req.url);
  const about = environments.find((one) => pathname.startsWith(`${pathOf(one)}/`));
  const part = about && pathname.slice(pathOf(about).length + 1).split('/')[0];
  const section = (Object.keys(sections) as Section[]).find((one) => one === part);
  const back =
    about && section ? markup`<p><a href="${pathOf(about)}/${section}">Back to ${sections[section]}</a></p>` : nothing;
  const body = markup`<p class="said fault" role="alert">${completed(message, selection, local, about?.name)}</p><p class="quiet">${code}</p>${back}`;
  return { title: 'That did not work', about, ...(section && { section }), body, status: status as 404 };
}

const refusals = {
  token:
    'This address was used already, or is not the one that was printed. Each works once, for one browser. Start the console again for a new one: npm run procore -- console',
  session: 'This browser is not let in. Open the address that was printed when the console was started.',
  origin: 'This was sent by a page of another origin. Nothing was done.',
  form: 'The form is not one of this console, or of one that has ended. Load the page again. Nothing was done.',
} as const;

function letIn(app: Hono, context: ConsoleContext): void {
  const { entrance, origin } = context;
  // Cookies know no ports: consoles beside each other would take each other's.
  const cookie = `procore-console-${new URL(origin).port}`;
  const refuse = (request: Context, why: keyof typeof refusals) => {
    const text = completed(refusals[why], context.selection, context.local);
    return show(request, context, { title: 'Not let in', body: markup`<p>${text}</p>`, status: 403 });
  };
  app.use(async (request, next) => {
    // A page of another port is of the same site, so that the cookie comes along.
    const site = request.req.header('sec-fetch-site') ?? 'none';
    if (site !== 'same-origin' && site !== 'none') return refuse(request, 'origin');
    const token = request.req.query('token');
    if (token !== undefined && request.req.method === 'GET') {
      const session = entrance.exchange(token);
      if (session === undefined) return refuse(request, 'token');
      setCookie(request, cookie, session, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return request.redirect('/', 303);
    }
    if (!entrance.admits(getCookie(request, cookie))) return refuse(request, 'session');
    if (request.req.method === 'GET') return next();
    if (request.req.header('origin') !== origin) return refuse(request, 'origin');
    if (Number(request.req.header('content-length') ?? Number.NaN) <= longestForm) {
      // A body that cannot be read holds no token.
      const { form } = await request.req.parseBody({ all: true }).catch(() => ({ form: undefined }));
      if (entrance.isOurForm(form)) {
        await next();
        context.lookout.forget();
        return context.settle();
      }
    }
    return refuse(request, 'form');
  });
}

function addPages(app: Hono, context: ConsoleContext): void {
  const said = messages();
  const routing: Routing = {
    ...{ app, context },
    async place(request) {
      const { stack = '', environment = '' } = request.req.param() as Record<string, string>;
      const found = (await context.places()).find(
        (one) => one.environment.stackName === stack && one.environment.name === environment,
      );
      if (found) return found;
      throw new OperatorError('environment_not_found', 'The console shows no such environment.', exitCodes.notFound);
    },
    async form(request) {
      const form = await request.req.parseBody({ all: true });
      return Object.fromEntries(
        Object.entries(form).map(([name, value]) => [name, [value].flat().filter((each) => typeof each === 'string')]),
      );
    },
    done: (request, path, what) => request.redirect(`${path}?said=${said.keep(what)}`, 303),
    page: async (request, made) =>
      showAmongOthers(request, context, { ...(await made), said: said.take(request.req.query('said')) }),
    live: (request, event, follow) => live(request, context, event, follow),
  };
  for (const add of [
    ...[addOverview, addActivity, addEvents, addEvent, addDeadLetters, addQuarantine],
    ...[addConnections, addHooks, addDoctor, addLog, addStandIn],
  ]) {
    add(routing);
  }
}

/** What a button did is told once, on the page that comes after it; the address holds a number alone. */
function messages() {
  const kept = new Map<string, Said>();
  let count = 0;
  return {
    keep(said: Said): string {
      count += 1;
      kept.set(String(count), said);
      return String(count);
    },
    take(id: string | undefined): Said | undefined {
      const said = id === undefined ? undefined : kept.get(id);
      kept.delete(id ?? '');
      return said;
    },
  };
}

/** Shows a page with the ways to those of all environments. */
async function showAmongOthers(request: Context, context: ConsoleContext, page: Page): Promise<Response> {
  return show(request, context, page, await shownEnvironments(context));
}

/** Lists the environments to whose pages there are ways. Where they cannot be found, the page says why by itself. */
async function shownEnvironments({ places }: ConsoleContext): Promise<readonly ShownEnvironment[]> {
  return (await places().catch(() => [])).map(({ environment }) => environment);
}

function show(
  request: Context,
  { text }: Pick<ConsoleContext, 'text'>,
  page: Page,
  environments: readonly ShownEnvironment[] = [],
): Response {
  const html = text(String(framed(page, environments)));
  return request.body(html, page.status ?? 200, { 'content-type': 'text/html; charset=utf-8' });
}

/** Sends what follows as server-sent events, until the browser leaves or the console ends. An error ends it: the browser asks again. */
function live(
  request: Context,
  { text, ending }: ConsoleContext,
  event: 'content' | 'rows',
  follow: (signal: AbortSignal) => AsyncIterable<unknown>,
): Response {
  return streamSSE(request, async (stream) => {
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    const signal = AbortSignal.any([left.signal, ending]);
    try {
      for await (const content of follow(signal)) {
        if (signal.aborted) break;
        await stream.writeSSE({ event, data: JSON.stringify(text(String(content))) });
      }
    } catch {
      // Nothing of it goes to the terminal, where it could hold a secret. The page that is loaded again says what is wrong.
    }
  });
}
