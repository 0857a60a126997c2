import type { PageTexts } from './page-texts.ts';
import { englishTexts } from './page-texts-english.ts';
import { germanTexts } from './page-texts-german.ts';

/** The languages of the connect pages. The first one is for everybody whose language is not among them. */
export const pageLanguages = ['en', 'de'] as const;

/** The tag of a language of the connect pages, as the attribute `lang` has it. */
export type PageLanguage = (typeof pageLanguages)[number];

/** The texts of the connect pages, one table a language. */
export const pageTexts: Readonly<Record<PageLanguage, PageTexts>> = { en: englishTexts, de: germanTexts };

/**
 * Chooses the language of a page by what the browser asks for.
 *
 * @param accepted the header `Accept-Language`, e.g. `de-AT,de;q=0.9,en;q=0.8`
 * @returns the language of ours that is wanted most; English when none is
 * @see [RFC 9110, section 12.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)
 */
export function choosePageLanguage(accepted = ''): PageLanguage {
  const wanted = accepted
    .slice(0, 500)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.toLowerCase().split(';');
      const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean) ?? '1';
      return { tag: tag.trim().split('-')[0], weight: Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight);
  for (const { tag } of wanted) {
    const language = pageLanguages.find((known) => known === tag);
    if (language) return language;
  }
  return pageLanguages[0];
}
