import { ConnectorError } from '../../../functions/connector-error.ts';
import { checkResources } from '../../../functions/webhook/catalogue.ts';
import type { ResourceLevel, TriggerAction } from '../../../functions/webhook/subscription.ts';
import type { TriggerRequest } from '../../local-control.ts';
import type { ProcoreStandInControl } from '../../procore-stand-in/control.ts';
import { isTold } from '../../procore-stand-in/event-payloads.ts';
import { type Hook, webhookResources } from '../../procore-stand-in/hooks.ts';
import { resourceKinds } from '../../procore-stand-in/resource-kinds.ts';

/** The local system cannot do what the command line asked for. */
export class ControlRefusedError extends ConnectorError {
  override readonly name = 'ControlRefusedError';
  readonly code = 'invalid_control_request';
}

/** What is to happen at the stand-in, and where. */
export interface TriggerTarget {
  readonly resource: string;
  readonly level: ResourceLevel;
  readonly action: TriggerAction;
  readonly companyId: string;
  /** Left out for a company's resource. */
  readonly projectId?: string;
  /** The project or company that its records belong to; undefined where the stand-in keeps no such records. */
  readonly ownerId?: string;
}

/**
 * Finds what a person means: the resource and action in Procore's catalogue, in any spelling of capitals, and the company
 * and project, by default those of a hook that listens.
 *
 * @throws UnknownResourceError with the names that may have been meant, ControlRefusedError when there is no such place
 */
export function targetOf(request: TriggerRequest, control: ProcoreStandInControl): TriggerTarget {
  const known = [...webhookResources.project, ...webhookResources.company].map(({ name }) => name);
  const name = known.find((one) => one.toLowerCase() === request.resource.toLowerCase()) ?? request.resource;
  const level = request.project === undefined ? undefined : 'project';
  const actions = [request.action] as readonly TriggerAction[];
  const [wanted] = checkResources([{ name, actions, ...(level && { level }) }], webhookResources);
  if (wanted === undefined) throw new TypeError('What is asked for is found, or refused.');
  const what = { resource: name, level: wanted.level, action: request.action as TriggerAction };
  const listening = control.hooks().find((hook) => listensTo(hook, what) && isWanted(hook, request));
  const project = projectOf(request, listening, control);
  const companyId = project.companyId;
  const isOfProject = wanted.level === 'project' || (listening?.projectId ?? null) !== null;
  const kind = resourceKinds.find((one) => one.name === name);
  return {
    ...what,
    companyId,
    ...(isOfProject && { projectId: project.id }),
    ...(kind && { ownerId: kind.level === 'project' ? project.id : companyId }),
  };
}

function listensTo({ triggers }: Hook, { resource, action }: Pick<TriggerTarget, 'resource' | 'action'>): boolean {
  return triggers.some(({ resourceName, eventType }) => resourceName === resource && eventType === action);
}

function isWanted(hook: Hook, { company, project }: TriggerRequest): boolean {
  return (company ?? hook.companyId) === hook.companyId && (project ?? hook.projectId) === hook.projectId;
}

function projectOf({ company, project }: TriggerRequest, hook: Hook | undefined, control: ProcoreStandInControl) {
  const companies = control.companies();
  if (project !== undefined) {
    const found = companies.flatMap(({ projects }) => projects).find(({ id }) => id === project);
    if (found && (company === undefined || company === found.companyId)) return found;
    const place = company === undefined ? 'at the stand-in' : `in the company ${company}`;
    throw new ControlRefusedError(
      `There is no project ${project} ${place}. See: npm run procore -- stand-in list projects.`,
    );
  }
  const companyId = company ?? hook?.companyId ?? companies[0]?.id;
  const projects = companies.find(({ id }) => id === companyId)?.projects;
  const found = projects?.find(({ id }) => id === hook?.projectId) ?? projects?.[0];
  if (found) return found;
  throw new ControlRefusedError(
    `There is no company ${companyId} at the stand-in. See: npm run procore -- stand-in list companies.`,
  );
}

/** The hooks that are told of it, active or not. */
export function hooksFor(target: TriggerTarget, control: ProcoreStandInControl): Hook[] {
  const { resource: resourceName, action: eventType, companyId, projectId } = target;
  const event = { resourceName, eventType, companyId, resourceId: '0', ...(projectId !== undefined && { projectId }) };
  return control.hooks().filter((hook) => isTold(hook, event));
}
