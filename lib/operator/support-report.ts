import { diagnose } from '../../functions/procore/diagnosis.ts';
import { type ExactJson, isJsonObject, parseExactJson } from '../../functions/procore/exact-json.ts';
import { type Exchange, requestIdOf } from '../../functions/procore/exchange.ts';
import { redactHeaders, redactText } from '../../functions/redact.ts';

/** Where Procore tells of incidents. @see https://status.procore.com */
const statusPageUrl = 'https://status.procore.com/api/v2/summary.json';

/** What Procore's status page says. */
export interface StatusPage {
  /** E.g. "All Systems Operational". */
  readonly description: string;
  /** Components that are not operational, with their state; those that an integration uses come first. */
  readonly troubled: readonly string[];
}

/**
 * Reads Procore's status page (Atlassian Statuspage).
 *
 * @param ask `fetch`
 * @returns undefined when it cannot be read: a report is worth sending without it
 */
export async function readStatusPage(ask: typeof fetch, timeoutMs = 5000): Promise<StatusPage | undefined> {
  try {
    const response = await ask(statusPageUrl, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    return response.ok ? parseStatusPage(parseExactJson(await response.text())) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the status page's summary. @returns undefined for anything else */
export function parseStatusPage(body: ExactJson): StatusPage | undefined {
  if (!isJsonObject(body) || !isJsonObject(body.status) || typeof body.status.description !== 'string')
    return undefined;
  const components = Array.isArray(body.components) ? (body.components as readonly ExactJson[]) : [];
  const troubled = components.flatMap((component) =>
    isJsonObject(component) && typeof component.name === 'string' && component.status !== 'operational'
      ? [`${component.name}: ${String(component.status).replaceAll('_', ' ')}`]
      : [],
  );
  const ours = /api gateway|webhook|login|sandbox/i;
  return {
    description: body.status.description,
    troubled: [...troubled.filter((line) => ours.test(line)), ...troubled.filter((line) => !ours.test(line))],
  };
}

/**
 * Writes what Procore's API support asks for under "Getting Help": method and full URL, request headers without secrets
 * and body, status and body of the response, the time; with it the request id, our diagnosis and the status page.
 * Everything is redacted once more on its way.
 *
 * @returns plain text for an e-mail to apisupport@procore.com
 */
export function supportReport(exchange: Exchange, statusPage: StatusPage | undefined): string {
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
    `status.procore.com: ${statusPage?.description ?? 'could not be read'}`,
    ...(statusPage?.troubled ?? []).map((line) => `  ${line}`),
  ].join('\n');
}
