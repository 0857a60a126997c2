import { standInList } from '../../operator/actions/stand-in.ts';
import type { ProcoreCommand } from '../../operator/command.ts';
import { fieldsOf, runFilledIn } from '../../operator/command-form.ts';
import { standInQuestions, standInSwitches } from '../../operator/commands/stand-in.ts';
import { trigger } from '../../operator/commands/trigger.ts';
import { exitCodes, OperatorError } from '../../operator/exit-codes.ts';
import { kebabCase } from '../../operator/help.ts';
import { commandFields } from '../fields.ts';
import type { Page } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf } from '../request.ts';
import { formToken, inEnvironment, type Routing, textPart } from '../routing.ts';

/** Adds the switches of the stand-in Procore of `npm start`, what lets something happen there, and what it stores. */
export function addStandIn({ app, context, place, page, done, form }: Routing): void {
  const path = `${inEnvironment}/stand-in`;
  const ofLocal = async (request: Parameters<typeof place>[0]) => {
    const found = await place(request);
    if (found.environment.local) return found;
    throw new OperatorError('no_stand_in', 'Only a system on this machine has a stand-in.', exitCodes.notFound);
  };
  const run = (command: ProcoreCommand, { session, environment }: Place, fields: Awaited<ReturnType<typeof form>>) =>
    runFilledIn(command, session, environment.name, fields);
  app.get(path, async (request) => page(request, standInPage(context, await ofLocal(request), nothing)));
  app.post(`${path}/switch/:name`, async (request) => {
    const [found, name] = [await ofLocal(request), request.req.param('name')];
    const [, command] = Object.entries(standInSwitches).find(([key]) => kebabCase(key) === name) ?? [];
    if (command === undefined) throw new OperatorError('no_switch', 'There is no such switch.', exitCodes.notFound);
    const { text } = await run(command, found, await form(request));
    return done(request, `${pathOf(found.environment)}/stand-in`, { ok: true, text });
  });
  app.post(`${path}/trigger`, async (request) => {
    const found = await ofLocal(request);
    const { text } = await run(trigger, found, await form(request));
    return page(request, standInPage(context, found, textPart(context, found, text, 'What came of it')));
  });
  app.post(`${path}/list`, async (request) => {
    const found = await ofLocal(request);
    const { data } = await run(standInQuestions.list, found, await form(request));
    return page(request, standInPage(context, found, listPart(standInList.parse(data))));
  });
}

async function standInPage(context: ConsoleContext, { environment, session }: Place, result: Markup): Promise<Page> {
  const path = `${pathOf(environment)}/stand-in`;
  const { text } = await runFilledIn(standInQuestions.status, session, environment.name, {});
  const token = formToken(context.entrance.formToken);
  const fieldsWith = (command: ProcoreCommand, name: string, filledIn = {}) =>
    commandFields(fieldsOf(command), name, filledIn);
  return {
    title: 'Stand-in Procore',
    about: environment,
    section: 'stand-in',
    body: markup`${result}<section class="sheet"><h2>Let something happen</h2>
<form method="post" action="${path}/trigger">${token}<div class="fields">${fieldsWith(trigger, 'trigger', { event: 'RFIs.update' })}<button>Let it happen</button></div></form></section>
<section class="sheet"><h2>Switches</h2><pre tabindex="0" role="group" aria-label="How it stands">${text}</pre>
<dl class="switches">${Object.entries(standInSwitches).map(([key, command]) => {
      const name = kebabCase(key);
      return markup`<dt>${command.brief}</dt><dd><form method="post" action="${path}/switch/${name}">${token}<div class="fields">${fieldsWith(command, name)}<button class="second">${buttonName(name)}</button></div></form></dd>`;
    })}</dl></section>
<section class="sheet"><h2>What it stores</h2>
<form method="post" action="${path}/list">${token}<div class="fields">${fieldsWith(standInQuestions.list, 'list')}<button class="second">List it</button></div></form></section>`,
  };
}

/** The command's own word, so that who reads the page knows the command as well. */
function buttonName(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replaceAll('-', ' ');
}

/** Shows what the stand-in stores; every row has the same columns. */
function listPart({ name, rows }: ReturnType<typeof standInList.parse>): Markup {
  const columns = Object.keys(rows[0] ?? {});
  const table = markup`<table class="cards"><thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${columns.map((column) => markup`<td data-name="${column}">${row[column] ?? ''}</td>`)}</tr>`)}</tbody></table>`;
  return markup`<section class="sheet" aria-label="What it stores"><h2>What it stores: ${name}</h2>${
    rows.length === 0 ? markup`<p>There are none.</p>` : table
  }</section>`;
}
