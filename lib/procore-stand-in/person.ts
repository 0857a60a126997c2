/**
 * Goes through the login and consent page as a person does, and does not follow the redirect.
 *
 * @returns where the redirect leads
 * @throws Error when an error page comes instead
 */
export async function decide(authorizeUrl: string, decision: 'allow' | 'deny'): Promise<string> {
  const page = await fetch(authorizeUrl, { redirect: 'manual' });
  const html = await page.text();
  if (page.status !== 200) {
    const said = /<p>(.*?)<\/p>/.exec(html)?.[1] ?? page.headers.get('location') ?? '';
    throw new Error(`The authorize page answered ${page.status}: ${said}`);
  }
  const form = new URLSearchParams({ decision });
  for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)) {
    form.set(name, unescapeHtml(value));
  }
  const action = new URL('/oauth/authorize', authorizeUrl);
  const redirect = await fetch(action, { method: 'POST', body: form, redirect: 'manual' });
  const location = redirect.headers.get('location');
  if (location === null) throw new Error(`The decision was answered ${redirect.status} without a redirect.`);
  return location;
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
