import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** HTML whose values were escaped. */
export type Markup = HtmlEscapedString;

/**
 * Makes HTML of a template: every value is escaped, but those that are {@link Markup}, and lists of it.
 *
 * @returns what hono makes of it, at once: none of our values is a promise
 */
export function markup(strings: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  return html(strings, ...values) as Markup;
}

/** No HTML at all. */
export const nothing: Markup = markup``;
