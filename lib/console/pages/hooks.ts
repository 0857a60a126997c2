import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import { doctor } from '../../operator/actions/doctor.ts';
import { subscriptionsOf } from '../../operator/company-api.ts';
import type { LookedAtHooks } from '../../operator/status/facts.ts';
import { oldestLook } from '../../operator/status/hook-problems.ts';
import { lookAtHooks } from '../../operator/status/hooks.ts';
import { listConnections } from '../../operator/stored-connection.ts';
import { counted } from '../../operator/table.ts';
import type { Page, Said } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import { ago } from '../moment.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf } from '../request.ts';
import { actionForm, inEnvironment, type Routing, textPart } from '../routing.ts';

/** Adds the subscriptions with their hooks: what is wanted, what Procore has when it is asked, and repair. */
export function addHooks({ app, context, place, page, done }: Routing): void {
  const path = `${inEnvironment}/hooks`;
  app.get(path, async (request) => page(request, hooksPage(context, await place(request), nothing)));
  app.post(`${path}/ask`, async (request) => {
    const found = await place(request);
    return done(request, `${pathOf(found.environment)}/hooks`, await askProcore(found));
  });
  app.post(`${path}/repair`, async (request) => {
    const found = await place(request);
    const flags = { connection: undefined, company: undefined, registered: undefined, fix: true };
    const { text } = await doctor(found.session, { ...flags, environment: found.environment.name }, undefined);
    context.lookout.forget();
    return page(
      request,
      hooksPage(context, found, textPart(context, found, text, 'What the doctor has done and found')),
    );
  });
}

async function askProcore({ environment, session }: Place): Promise<Said> {
  const [subscriptions, connections] = [
    await subscriptionsOf(environment).list(),
    await listConnections(
      environment,
      () => {},
      () => {},
    ),
  ];
  const looked = await lookAtHooks(environment, session.terminal, subscriptions, connections);
  return saidOf(looked);
}

/** Says what Procore has answered. What it was not asked, or has not answered, is not in order. */
export function saidOf({ companies, ofCompanies, disabled, refused }: LookedAtHooks): Said {
  if (companies === 0) {
    const text = 'Procore was asked for no hooks: no company with hooks has a connection that is connected.';
    return { ok: ofCompanies === 0, text };
  }
  const asked = `Asked Procore for the hooks of ${companies} of ${ofCompanies} companies:`;
  const found = disabled.map(({ companyId, hookId }) => `hook ${hookId} of company ${companyId} is disabled`);
  const text = `${asked} ${found.length === 0 ? 'all are active' : found.join(', ')}.`;
  if (refused === undefined) return { ok: found.length === 0, text };
  return { ok: false, text: `${text} Of ${refused.companies} more nothing was learned: ${refused.why}` };
}

async function hooksPage(context: ConsoleContext, { environment }: Place, report: Markup): Promise<Page> {
  const subscriptions = await subscriptionsOf(environment).list();
  const path = `${pathOf(environment)}/hooks`;
  const [disabled, now] = [disabledOf(context, environment), context.clock()];
  return {
    title: 'Hooks',
    about: environment,
    section: 'hooks',
    body: markup`${report}<section class="sheet" aria-label="Subscriptions">
${subscriptions.length === 0 ? markup`<p>No company has a subscription.</p>` : markup`<table class="cards"><thead><tr><th scope="col">Company</th><th scope="col">Connection</th><th scope="col">Wanted</th><th scope="col">Hooks</th><th scope="col">Oldest look</th></tr></thead><tbody>${subscriptions.map((one) => subscriptionRow(one, disabled, now))}</tbody></table><p></p>`}
<div class="fields">${actionForm(context, { path: `${path}/ask`, name: 'Ask Procore how they stand' })}${actionForm(context, { path: `${path}/repair`, name: 'Repair what differs', look: 'second' })}</div>
<p class="quiet">Procore is asked for five companies, those whose last look is the oldest. The audit looks at all of them, each hour.</p></section>`,
  };
}

/** The hooks that the overview tells to be disabled, if it has looked: Procore is not asked for them again. */
function disabledOf({ lookout }: ConsoleContext, { stackName, name }: Place['environment']): ReadonlySet<string> {
  const stand = lookout.seen()?.find(({ facts }) => facts.stackName === stackName && facts.environment === name);
  const hooks = stand?.facts.hooks;
  return new Set(hooks && 'value' in hooks ? hooks.value.disabled.map(({ hookId }) => hookId) : []);
}

function subscriptionRow(subscription: StoredSubscription, disabled: ReadonlySet<string>, now: number): Markup {
  const { companyId, connectionId, resources, projects, hooks } = subscription;
  const wanted = resources.map(({ name, actions }) => `${name} (${actions.join(', ')})`).join('; ');
  const where = projects === 'all' ? 'all projects' : counted(projects.length, 'project');
  const shown = hooks.map(({ hookId, projectId }, index) => {
    const of = projectId === null ? nothing : markup` (project ${projectId})`;
    const look = disabled.has(hookId) ? markup` <span class="badge failed">disabled</span>` : nothing;
    return markup`${index === 0 ? nothing : ', '}${hookId}${of}${look}`;
  });
  return markup`<tr><td data-name="Company">${companyId}</td><td data-name="Connection">${connectionId}</td><td data-name="Wanted">${wanted}, in ${where}</td><td data-name="Hooks">${hooks.length === 0 ? 'none' : shown}</td><td data-name="Oldest look">${ago(oldestLook([subscription]), now)}</td></tr>`;
}
