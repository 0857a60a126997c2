import { refusalOf } from '../../functions/procore/api-error.ts';
import { redactText } from '../../functions/redact.ts';
import { NoSubscriptionError } from '../../functions/webhook/event-client.ts';
import { filledPath, recordPath } from '../../functions/webhook/filled-path.ts';
import { resourceList } from '../../functions/webhook/resource-paths.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { clientsOf, commandTime, subscriptionsOf } from './company-api.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { exitCodes, OperatorError } from './exit-codes.ts';
import { explain } from './explained-error.ts';
import type { Terminal } from './terminal.ts';

/** As much of a record is shown, in characters. */
const mostShown = 20_000;

/** Somebody waits for one answer: so long one try may take, in milliseconds. */
const timeoutMs = 10_000;

/** What Procore says of an event's resource, or why it says nothing. */
export type ResourceNow =
  | {
      /** Where it was read, without the host. */
      readonly path: string;
      readonly connectionId: string;
      /** Without what looks like a secret, as JSON unless it was cut. */
      readonly text: string;
      /** Whether there is more than {@link mostShown} of it. */
      readonly isCut: boolean;
    }
  | { readonly refused: { readonly code: string; readonly message: string } };

/**
 * Asks Procore how the resource of an event is now, by the connection that serves its company.
 *
 * @returns the record, or the cause and the remedy; nothing that Procore or AWS refuses is thrown
 */
export async function readResourceNow(
  environment: DeployedEnvironment,
  terminal: Terminal,
  event: WebhookEvent,
): Promise<ResourceNow> {
  try {
    const path = pathOf(event);
    const subscription = await subscriptionsOf(environment).read(event.companyId);
    if (subscription === undefined) throw new NoSubscriptionError(environment.name, event.companyId);
    const { connectionId } = subscription;
    const client = clientsOf(environment, terminal, 'looking').clientFor(connectionId, commandTime());
    const { body } = await terminal.working('Asking Procore', () =>
      client.company(event.companyId).get(path, { timeoutMs }),
    );
    const whole = JSON.stringify(body, null, 2);
    return { path, connectionId, text: redactText(whole, mostShown), isCut: whole.length > mostShown };
  } catch (error) {
    const { code, message } = isPage(error) ? noRecords : explain(error, environment.local);
    return { refused: { code, message } };
  }
}

function pathOf({ resourceName, resourceId, companyId, projectId }: WebhookEvent) {
  const list = resourceList(resourceName);
  if (list === undefined) {
    throw new OperatorError(
      'unknown_resource_path',
      `It is not known by which path Procore shows one record of "${resourceName}", so it was not asked. Look it up in ` +
        "Procore's reference, and read it in on-event.ts by procore.get.",
      exitCodes.notFound,
    );
  }
  if (list.level === 'project' && projectId === null) {
    throw new OperatorError(
      'no_project',
      `"${resourceName}" is read in a project, and the event names none, so Procore was not asked.`,
      exitCodes.notFound,
    );
  }
  return recordPath(filledPath(list.path, companyId, projectId), resourceId);
}

/** What a 404 means that is no JSON. */
const noRecords = {
  code: 'no_such_path',
  message:
    'Procore has no single records where the list of this resource stands: it answers with a page that says 404. Look the ' +
    "path up in Procore's reference, and read the record in on-event.ts by procore.get.",
} as const;

/** A path that does not exist is answered with a page; a record that does not, with JSON. */
function isPage(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal?.status === 404 && !/^\s*\{/.test(refusal.text);
}
