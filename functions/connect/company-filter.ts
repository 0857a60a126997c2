import { type CompanyName, hashOf } from './authorization-store.ts';

/** How many companies a page shows. It says how many there are, and a search finds the others. */
export const mostShown = 50;

/** The longest text that is searched for, in characters. */
const mostQueryCharacters = 100;

/** Reads what a person searches for. @returns the text without spaces around it; empty for all companies */
export function readQuery(text: string | undefined): string {
  return (text ?? '').slice(0, mostQueryCharacters).toWellFormed().trim();
}

/** Names the list that keeps what a search in Procore's list found. @param query not empty */
export const foundList = (query: string): string => `found-${hashOf(query)}`;

/** Accents and capital letters do not matter to somebody who searches. */
const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * Makes the test that a search applies to companies.
 *
 * @param query each of its words must be in the name, or be the beginning of the number
 * @returns whether a company is one of those that are searched for; all are when the query is empty
 */
export function companyFilter(query: string): (company: CompanyName) => boolean {
  const words = plain(query).split(/\s+/).filter(Boolean);
  return ({ companyId, name }) => {
    const text = plain(name);
    return words.every((word) => text.includes(word) || companyId.startsWith(word));
  };
}
