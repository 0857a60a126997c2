/** A page as a program reads it. */
export interface Visited {
  readonly status: number;
  readonly html: string;
}

/** Someone who uses the console without a browser: follows its addresses and sends its forms, with the cookie. */
export interface Visitor {
  open(path: string): Promise<Visited>;
  /** Reads what a live part sends first, and leaves. */
  first(path: string): Promise<string>;
  /** Sends the form that has a button of this name. @param fields what is filled in, besides what the form holds */
  press(page: Visited, button: string, fields?: Readonly<Record<string, string>>): Promise<Visited>;
}

/**
 * Goes in by the printed address.
 *
 * @param address where the console was opened
 */
export async function visit(address: string): Promise<Visitor> {
  const { origin } = new URL(address);
  const { headers } = await fetch(address, { redirect: 'manual' });
  const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const read = async (response: Response) => ({ status: response.status, html: await response.text() });
  const open = async (path: string) => read(await fetch(new URL(path, origin), { headers: { cookie } }));
  return {
    open,
    async first(path) {
      const { body } = await fetch(new URL(path, origin), { headers: { cookie } });
      let text = '';
      for await (const part of body ?? []) {
        text += Buffer.from(part).toString();
        if (text.includes('\n\n')) break;
      }
      return text;
    },
    async press({ html }, button, fields = {}) {
      const form = html.match(/<form.*?<\/form>/gs)?.find((each) => each.includes(`>${button}</button>`));
      if (form === undefined) throw new Error(`No form has a button "${button}".`);
      const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
      const own = new RegExp(`<button name="([^"]*)" value="([^"]*)"[^>]*>${button}</button>`).exec(form);
      const body = new URLSearchParams([
        ...hidden.map(([, name = '', value = '']) => [name, value]),
        ...(own === null ? [] : [[own[1] ?? '', own[2] ?? '']]),
        ...Object.entries(fields),
      ]);
      const path = /action="([^"]*)"/.exec(form)?.[1] ?? '';
      const response = await fetch(new URL(path, origin), {
        method: 'POST',
        headers: { cookie, origin, 'content-length': String(String(body).length) },
        body,
        redirect: 'manual',
      });
      const next = response.headers.get('location');
      return next === null ? read(response) : open(next);
    },
  };
}
