/** A part of a redirect URI in which the registered one differs from ours. */
export interface RedirectUriDifference {
  readonly part: 'white space' | 'scheme' | 'user' | 'host' | 'port' | 'trailing slash' | 'path' | 'query' | 'fragment';
  /** Names the difference exactly, and which of the two is which. */
  readonly text: string;
}

interface Parts {
  readonly scheme: string;
  readonly user: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/**
 * Names every difference between the redirect URI that we send and the one that is registered at Procore, which must
 * be the same to the character. Nothing is normalized: a capital letter, or a port that is the scheme's own, is a
 * difference, too.
 *
 * @returns the differences; none means that Procore accepts it
 * @see [RFC 9700, section 4.1.3](https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3), and Procore's troubleshooting page, "Authorization code errors"
 */
export function redirectUriDifferences(ours: string, registered: string): readonly RedirectUriDifference[] {
  if (ours === registered) return [];
  const trimmed = registered.trim();
  const space: RedirectUriDifference[] =
    trimmed === registered ? [] : [{ part: 'white space', text: 'the registered one has white space around it' }];
  return [...space, ...differencesOf(split(ours), split(trimmed))];
}

function differencesOf(ours: Parts, registered: Parts): RedirectUriDifference[] {
  const found: RedirectUriDifference[] = [];
  for (const part of ['scheme', 'user', 'host', 'port', 'path', 'query', 'fragment'] as const) {
    const [mine, other] = [ours[part], registered[part]];
    if (mine === other) continue;
    const slash = part === 'path' ? slashDifference(mine, other) : undefined;
    found.push(slash ?? { part, text: `${part}: ours has ${show(mine)}, the registered one has ${show(other)}` });
  }
  return found;
}

function slashDifference(ours: string, registered: string): RedirectUriDifference | undefined {
  const part = 'trailing slash';
  if (registered === `${ours}/`) return { part, text: 'the registered one ends with a slash, ours does not' };
  if (ours === `${registered}/`) return { part, text: 'ours ends with a slash, the registered one does not' };
  return undefined;
}

/** Not `URL`, which would mend what Procore compares as it is. */
function split(uri: string): Parts {
  const match =
    /^([^:/?#]*):\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(uri);
  const [, scheme, user = '', host = '', port = '', path = '', query = '', fragment = ''] = match ?? [];
  // Without scheme and host, as `urn:ietf:wg:oauth:2.0:oob` or a bare host, all of it is path.
  if (scheme === undefined) return { scheme: '', user, host, port, path: uri, query, fragment };
  return { scheme, user, host, port, path, query, fragment };
}

function show(text: string): string {
  return text === '' ? 'none' : `"${text}"`;
}
