import { diagnose } from '../../functions/procore/diagnosis.ts';
import { type Exchange, requestIdOf } from '../../functions/procore/exchange.ts';
import { redactHeaders, redactText } from '../../functions/redact.ts';
import { type StatusPageState, statusPageText } from './status-page.ts';

/**
 * Writes what Procore's API support asks for under "Getting Help": method and full URL, request headers without secrets
 * and body, status and body of the response, the time; with it the request id, our diagnosis and the status page.
 * Everything is redacted once more on its way.
 *
 * @returns plain text for an e-mail to apisupport@procore.com
 */
export function supportReport(exchange: Exchange, statusPage: StatusPageState): string {
  const { environment, method, url, requestBody, status, failure, responseBody, startedAt, durationMs, tries } =
    exchange;
  const diagnosis = diagnose(exchange);
  const lines = (headers: Readonly<Record<string, string>> = {}) =>
    Object.entries(redactHeaders(headers)).map(([name, value]) => `    ${name}: ${value}`);
  const time = new Date(Math.floor(startedAt) * 1000).toISOString().replace('.000Z', 'Z');
  return [
    'To: apisupport@procore.com',
    `Subject: ${method} ${new URL(url).pathname}: ${status ?? failure ?? 'not sent'}`,
    '',
    `Environment: ${environment}`,
    `Time: ${time}, ${durationMs} ms, try ${tries}`,
    `Request id (x-request-id): ${requestIdOf(exchange) ?? 'none'}`,
    '',
    'Request',
    `  ${method} ${redactText(url)}`,
    ...lines(exchange.requestHeaders),
    `  Body: ${requestBody === undefined ? 'none' : redactText(requestBody)}`,
    '',
    'Response',
    `  Status: ${status ?? `none (${failure ?? 'not sent'})`}`,
    ...lines(exchange.responseHeaders),
    `  Body: ${responseBody === undefined || responseBody === '' ? 'none' : redactText(responseBody)}`,
    '',
    `What we make of it (${diagnosis.id}): ${diagnosis.cause}`,
    `What we would do: ${diagnosis.remedy}`,
    '',
    ...statusLines(statusPage),
  ].join('\n');
}

function statusLines(statusPage: StatusPageState): readonly string[] {
  if (statusPage === undefined || 'notAsked' in statusPage) return [statusPageText(statusPage)];
  return [`status.procore.com: ${statusPage.description}`, ...statusPage.troubled.map((line) => `  ${line}`)];
}
