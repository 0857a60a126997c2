import type { Company } from '../procore/companies.ts';
import type { CompanyName } from './authorization-store.ts';

/** How much of a name is kept and shown, in characters. */
const mostCharacters = 100;

/** Makes what a page shows of companies. @returns them in the order of their names */
export function companyNames(companies: readonly Company[]): readonly CompanyName[] {
  return companies
    .map(({ id, name }) => ({
      companyId: id,
      // The cut may leave half of a surrogate pair. A store may refuse that, and a page cannot show it.
      name: name.slice(0, mostCharacters).toWellFormed(),
    }))
    .sort((one, other) => one.name.localeCompare(other.name, 'en'));
}
