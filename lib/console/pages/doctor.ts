import { doctor } from '../../operator/actions/doctor.ts';
import { supportReport } from '../../operator/actions/support-report.ts';
import { procoreId } from '../../operator/parsers.ts';
import type { Page } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf } from '../request.ts';
import { formToken, inEnvironment, type Routing, textPart } from '../routing.ts';

/** Adds the doctor and the report for Procore's support. Nothing is asked before a button is pressed. */
export function addDoctor({ app, context, place, page, form }: Routing): void {
  const path = `${inEnvironment}/doctor`;
  app.get(path, async (request) => page(request, doctorPage(context, await place(request), nothing)));
  app.post(path, async (request) => {
    const [found, fields] = [await place(request), await form(request)];
    const company = given(fields.company);
    const flags = {
      connection: given(fields.connection),
      company: company === undefined ? undefined : procoreId(company),
      registered: undefined,
    };
    const { text } = await doctor(
      found.session,
      { ...flags, environment: found.environment.name, fix: false },
      undefined,
    );
    return page(request, doctorPage(context, found, textPart(context, found, text, 'What the doctor found')));
  });
  app.post(`${path}/report`, async (request) => {
    const [found, { reference = [] }] = [await place(request), await form(request)];
    const { text } = await supportReport(found.session, { environment: undefined }, (reference[0] ?? '').trim());
    return page(request, doctorPage(context, found, textPart(context, found, text, 'The report for Procore')));
  });
}

/** A field that nobody has filled in says nothing. */
function given([value = '']: readonly string[] = []): string | undefined {
  return value.trim() === '' ? undefined : value.trim();
}

function doctorPage({ entrance }: ConsoleContext, { environment }: Place, result: Markup): Page {
  const path = `${pathOf(environment)}/doctor`;
  const token = formToken(entrance.formToken);
  return {
    title: 'Doctor',
    about: environment,
    section: 'doctor',
    body: markup`${result}<section class="sheet"><h2>What is wrong here?</h2>
<form method="post" action="${path}">${token}<div class="fields"><label>Connection, if one is meant <input name="connection"></label><label>Company, if one is meant <input name="company" inputmode="numeric"></label><button>Examine</button></div></form>
<p class="quiet">It asks Procore, walks Procore's troubleshooting page and changes nothing.</p></section>
<section class="sheet"><h2>Report for Procore's support</h2>
<form method="post" action="${path}/report">${token}<div class="fields"><label>Reference of the call <input name="reference" required></label><button>Write the report</button></div></form></section>`,
  };
}
