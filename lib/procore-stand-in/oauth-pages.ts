import { type Answer, readParameters, type StandInRequest, textAnswer } from './http-exchange.ts';
import type { OAuthClient } from './oauth-client.ts';
import type { Randomness } from './randomness.ts';
import type { TokenStore } from './tokens.ts';
import type { Unknowns } from './unknowns.ts';

/** What the pages need. */
export interface OAuthPagesContext {
  readonly environment: string;
  readonly client: OAuthClient;
  readonly tokens: TokenStore;
  readonly unknowns: Unknowns;
  readonly shapes: Randomness;
  readonly personName: string;
}

/**
 * `GET /oauth/authorize`: the login and consent page, or an error page when client or redirect URI are not registered.
 *
 * `scope`, PKCE and other parameters are ignored: Procore documents none.
 *
 * @see [PROCORE.md, section 1.3](PROCORE.md#13-authorize)
 */
export function showConsent(request: StandInRequest, context: OAuthPagesContext): Answer {
  const parameters = request.url.searchParams;
  const refusal = refuse(parameters, context);
  if (refusal) return refusal;
  const hidden = ['client_id', 'redirect_uri', 'response_type', 'state']
    .filter((name) => parameters.has(name))
    .map((name) => `<input type="hidden" name="${name}" value="${escapeHtml(parameters.get(name) ?? '')}">`);
  return page(
    200,
    'Connect an app to Procore',
    `<p>You are signed in as <strong>${escapeHtml(context.personName)}</strong> (stand-in for Procore, ${escapeHtml(context.environment)}).</p>
    <p>The app asks for access to your Procore account.</p>
    <form method="post" action="/oauth/authorize">
      ${hidden.join('\n      ')}
      <button type="submit" name="decision" value="allow">Allow</button>
      <button type="submit" name="decision" value="deny">Deny</button>
    </form>`,
  );
}

/** `POST /oauth/authorize`: the person's decision; redirects to the app with a code, or with `access_denied`. */
export async function takeDecision(request: StandInRequest, context: OAuthPagesContext): Promise<Answer> {
  const parameters = await readParameters(request);
  const refusal = refuse(parameters, context);
  if (refusal) return refusal;
  if (parameters.get('decision') === 'allow') {
    return redirect(parameters, { code: context.tokens.issueCode(parameters.get('redirect_uri') ?? '') });
  }
  return redirect(parameters, {
    error: 'access_denied',
    ...(context.unknowns.denialIsDescribed && {
      error_description: 'The resource owner or authorization server denied the request.',
    }),
  });
}

function refuse(parameters: URLSearchParams, { client, unknowns, shapes }: OAuthPagesContext): Answer | undefined {
  if (parameters.get('client_id') !== client.id) {
    return page(
      shapes.pick([400, 401]),
      'An error has occurred',
      '<p>Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.</p>',
    );
  }
  if (!client.redirectUris.includes(parameters.get('redirect_uri') ?? '')) {
    return page(
      shapes.pick([400, 401]),
      'An error has occurred',
      "<p>The requested redirect uri is malformed or doesn't match client redirect URI.</p>",
    );
  }
  if (unknowns.otherStateCharacters === 'refused' && /[^A-Za-z0-9]/.test(parameters.get('state') ?? '')) {
    return page(400, 'An error has occurred', '<p>The state is not alphanumeric.</p>');
  }
  if (parameters.get('response_type') !== 'code') {
    return redirect(parameters, { error: 'unsupported_response_type' });
  }
  return undefined;
}

function redirect(parameters: URLSearchParams, result: Record<string, string>): Answer {
  const target = new URL(parameters.get('redirect_uri') ?? '');
  for (const [name, value] of Object.entries(result)) target.searchParams.append(name, value);
  const state = parameters.get('state');
  if (state !== null) target.searchParams.append('state', state);
  return textAnswer(302, '', 'text/html', { location: target.href });
}

function page(status: number, title: string, content: string): Answer {
  return textAnswer(
    status,
    `<!DOCTYPE html>
<html lang="en">
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
  <body><main>
    <h1>${title}</h1>
    ${content}
  </main></body>
</html>
`,
    'text/html',
  );
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
