/** A page as a person sees it in a browser. */
export interface FetchedPage {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

/** Does what a person does in a browser: opens pages, keeps each origin's cookies, follows redirects, presses buttons. */
export class Person {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Opens an address. @returns the page that it ends on */
  async open(url: string): Promise<FetchedPage> {
    return this.#go(url, {});
  }

  /**
   * Presses a button of a page's form.
   *
   * @throws Error when the page has no such button, with the page's status and title
   */
  async press(page: FetchedPage, label: string): Promise<FetchedPage> {
    for (const [, attributes = '', content = ''] of page.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
      const button = [...content.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/g)].find(([, , text = '']) =>
        text.replace(/<[^>]*>/g, '').includes(label),
      );
      if (button === undefined) continue;
      const inputs = [...content.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => input);
      // Of several choices a person in a hurry takes the first.
      const isFurtherChoice = (input: string, index: number) =>
        /type="radio"/.test(input) && inputs.findIndex((each) => /type="radio"/.test(each)) < index;
      const chosen = inputs.filter((input, index) => !isFurtherChoice(input, index));
      const fields = [...chosen, button[1] ?? '']
        .map((field) => [attribute(field, 'name'), attribute(field, 'value') ?? ''] as const)
        .filter((field): field is [string, string] => field[0] !== undefined);
      const action = new URL(attribute(attributes, 'action') ?? page.url, page.url).href;
      return this.#go(action, {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      });
    }
    const title = /<title>([^<]*)/.exec(page.html)?.[1];
    throw new Error(`There is no button "${label}" on the page "${title}" (status ${page.status}).`);
  }

  async #go(url: string, request: RequestInit & { headers?: Record<string, string> }): Promise<FetchedPage> {
    let target = new URL(url);
    let next: typeof request = request;
    for (let redirects = 0; redirects < 10; redirects += 1) {
      const jar = this.#cookies.get(target.origin) ?? new Map<string, string>();
      this.#cookies.set(target.origin, jar);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(target, {
        ...next,
        redirect: 'manual',
        headers: { accept: 'text/html', ...next.headers, ...(cookie && { cookie }) },
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/max-age=0/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) {
        return { url: target.href, status: response.status, html: await response.text() };
      }
      target = new URL(location, target);
      next = {};
    }
    throw new Error(`More than ten redirects, the last to ${target.origin}${target.pathname}.`);
  }
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value
    ?.replace(/&amp;/g, '&')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<');
}
