import { fingerprint } from '../../../functions/webhook/subscription.ts';
import { sampleSubscription } from '../../webhook/sample-subscription.ts';

/** How many hooks a company has. */
export const hooksEach = 10;

/** The value of all hooks' header. */
export const header = 'the-value-of-the-header';

/** A company of ten projects, each with a hook. @param start when its audits begin, epoch seconds */
export function subscriptionOf(companyId: string, start: number) {
  const projects = Array.from({ length: hooksEach }, (_, index) => `${companyId}0${index}`);
  const hooks = projects.map((projectId) => ({
    ...{ hookId: `9${projectId}`, projectId, authorization: fingerprint(header), authorizedAt: start - 7200 },
    ...{ checkedAt: start - 3600, recoveredAt: start - 3600 },
  }));
  const actions = ['create', 'update', 'delete'] as const;
  return sampleSubscription({
    ...{ companyId, projects: 'all', hooks, silenceHours: 0, createdAt: start - 7200, updatedAt: start - 7200 },
    resources: [{ name: 'RFIs', level: 'project', actions }],
  });
}

/** Lists what Procore has at a path, where all is as wanted. @param path without query */
export function listedAt(companyId: string, path: string, start: number): readonly object[] {
  const subscription = subscriptionOf(companyId, start);
  if (path.endsWith('/projects')) return subscription.hooks.map(({ projectId }) => ({ id: projectId }));
  const [, projectId] = /\/projects\/(\d+)\/webhooks\/hooks$/.exec(path) ?? [];
  if (projectId === undefined) return [];
  const { namespace, destinationUrl: destination_url, payloadVersion: payload_version } = subscription;
  const destination_headers = { Authorization: '*****eader' };
  const hook = { namespace, destination_url, payload_version, destination_headers };
  return [{ id: `9${projectId}`, status: 'active', trigger_count: 3, ...hook }];
}

/** Gives Procore's answer: its body, and the count of records, which stands in a header as in the documents' samples. */
export function answerOf(companyId: string, url: string, start: number) {
  const { pathname } = new URL(url);
  const found = listedAt(companyId, pathname, start);
  const body = JSON.stringify(pathname.startsWith('/rest/v2.0') ? { data: found } : found);
  return { body, total: String(found.length) };
}
