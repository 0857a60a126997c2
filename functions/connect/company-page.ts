import type { CompanyName } from './authorization-store.ts';
import { fill, html, type Markup, nothing } from './markup.ts';
import type { PageContent, PageLook } from './page-frame.ts';
import { pageTexts } from './page-language.ts';

/** The page on which a person chooses the company of a connection. */
export interface CompanyPage {
  readonly name: 'company';
  readonly connectionId: string;
  readonly sessionId: string;
  /** What was searched for; empty for all. */
  readonly query: string;
  /** Those that are shown, in the order of their names. */
  readonly companies: readonly CompanyName[];
  /** How many match the query, shown or not. */
  readonly matching: number;
  /** How many the account sees; `too_many` when there are more than are kept, and a search asks Procore. */
  readonly total: number | 'too_many';
  /** The form was sent without a company. */
  readonly nothingChosen: boolean;
  /** The account is not connected before the integrator's site confirms it. */
  readonly confirm?: boolean;
}

/** From how many companies on a search is offered: fewer are seen at a glance. */
const searchFrom = 12;

function renderCompany({ companyId, name }: CompanyName, look: PageLook): Markup {
  const number = fill(pageTexts[look.language].companyNumber, { number: companyId });
  return html`<label><input type="radio" name="companyId" value="${companyId}" required><span>${name}<small>${number}</small></span></label>`;
}

function renderSearch(page: CompanyPage, look: PageLook): Markup {
  const { sessionId, query, total } = page;
  if (total !== 'too_many' && total < searchFrom) return nothing;
  const texts = pageTexts[look.language];
  const action = total === 'too_many' ? '/oauth/search' : '/oauth/company';
  return html`<form class="find" method="get" action="${action}" role="search"><input type="hidden" name="session" value="${sessionId}"><label for="q">${texts.search}</label><div><input type="search" id="q" name="q" value="${query}" maxlength="100" autocomplete="off"><button>${texts.find}</button></div></form>
${renderCount(page, look)}`;
}

/** Says how many companies are shown of how many: none is left out in silence. */
function renderCount({ sessionId, query, companies, matching, total }: CompanyPage, look: PageLook): Markup {
  if (total === 'too_many' && query === '') return nothing;
  const texts = pageTexts[look.language];
  const numbers = { shown: String(companies.length), total: String(matching) };
  const more = total === 'too_many' ? texts.foundSome : companies.length < matching ? texts.foundMore : texts.found;
  const count =
    matching === 0 ? fill(texts.foundNone, { query: html`<strong>${query}</strong>` }) : fill(more, numbers);
  const all =
    query === '' || total === 'too_many'
      ? nothing
      : html` <a href="/oauth/company?session=${sessionId}">${texts.showAll}</a>`;
  return html`<p class="count" role="status">${count}${all}</p>
`;
}

/** Says what the page on which a company is chosen shows. */
export function companyContent(page: CompanyPage, look: PageLook): PageContent {
  const { connectionId, sessionId, query, companies, nothingChosen } = page;
  const texts = pageTexts[look.language];
  const alert = nothingChosen ? html`<p role="alert"><strong>${texts.companyNone}</strong></p>` : nothing;
  const choice =
    companies.length === 0
      ? nothing
      : html`<form method="post" action="/oauth/company"><input type="hidden" name="session" value="${sessionId}">${
          query === '' ? nothing : html`<input type="hidden" name="q" value="${query}">`
        }<fieldset><legend>${texts.companyQuestion}</legend>${companies.map((company) => renderCompany(company, look))}</fieldset><button>${texts.companyUse}</button></form>`;
  return {
    tone: 'plain',
    title: texts.companyTitle,
    body: html`<p>${page.confirm ? texts.companyWhyWaiting : texts.companyWhy}</p>${page.total === 'too_many' ? html`<p>${texts.tooMany}</p>` : nothing}
${alert}${renderSearch(page, look)}${choice}`,
    details: [[texts.connection, connectionId]],
  };
}
