import { procoreOrigins } from '../../functions/procore/environment.ts';
import { type ExactJson, isJsonObject, parseExactJson } from '../../functions/procore/exact-json.ts';
import type { DeployedEnvironment } from './deployment.ts';

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

/** What the status page says, or the host for which there is none; undefined when it could not be read. */
export type StatusPageState = StatusPage | { readonly notAsked: string } | undefined;

/**
 * Reads Procore's status page for an environment that talks to Procore itself: a stand-in has none, and Procore's own
 * says nothing about it.
 *
 * @param ask `fetch`
 */
export async function statusPageOf(
  { name, procore }: Pick<DeployedEnvironment, 'name' | 'procore'>,
  ask: typeof fetch = fetch,
): Promise<StatusPageState> {
  const { apiOrigin } = procore;
  return apiOrigin === procoreOrigins(name).apiOrigin ? readStatusPage(ask) : { notAsked: apiOrigin };
}

/** Says in a sentence what the status page says, or why it says nothing. */
export function statusPageText(state: StatusPageState): string {
  if (state === undefined) return 'status.procore.com could not be read.';
  if ('notAsked' in state) {
    return `status.procore.com is not asked: this environment talks to ${state.notAsked}, and not to Procore.`;
  }
  const troubled = state.troubled.length > 0 ? ` (${state.troubled.join(', ')})` : '';
  return `status.procore.com: ${state.description}${troubled}.`;
}
