const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is safe to put into a page. Only {@link html}, {@link fill} and {@link ownMarkup} make it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const escaped = (value: string) => value.replace(/[&<>"']/g, (character) => entities[character] ?? '');

/** Builds markup. Every value that is not markup itself is escaped, for text and for quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Markup | readonly Markup[])[]): Markup {
  const texts = values.map((value) => {
    if (value instanceof Markup) return value.text;
    return typeof value === 'string' ? escaped(value) : value.map(({ text }) => text).join('');
  });
  return new Markup(String.raw({ raw: parts }, ...texts));
}

/** No markup at all. */
export const nothing = new Markup('');

/** Takes a text of our own, such as a style sheet, as markup. It must hold nothing that came from outside. */
export const ownMarkup = (text: string): Markup => new Markup(text);

/**
 * Fills in the parts of a text that stand in braces. The text begins with a capital letter whatever is filled in.
 *
 * @param text e.g. `{app} asks for access.`
 * @param values by the names in braces
 */
export function fill(text: string, values: Readonly<Record<string, string | Markup>>): Markup {
  const parts = text.split(/\{(\w+)\}/).map((part, index) => {
    if (index % 2 === 0) return escaped(part);
    const value = values[part] ?? '';
    return value instanceof Markup ? value.text : escaped(value);
  });
  const filled = parts.join('');
  return new Markup(filled.charAt(0).toUpperCase() + filled.slice(1));
}
