import { nearMisses } from '../../../functions/webhook/near-misses.ts';
import type { StandInAction } from '../../local-control.ts';
import type { ProcoreStandInControl } from '../../procore-stand-in/control.ts';
import { resourceKinds } from '../../procore-stand-in/resource-kinds.ts';
import { listedThings } from '../../stand-in-words.ts';
import { ControlRefusedError } from './trigger-target.ts';

type ListAction = Extract<StandInAction, { do: 'list' }>;

/** A list as rows; every row has the same names. */
export interface StandInList {
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/**
 * Lists what a stand-in stores: no token and no header is ever in it.
 *
 * @throws ControlRefusedError when it keeps no such thing, with the names that may have been meant
 */
export function listOf(control: ProcoreStandInControl, { what, company, project }: ListAction): StandInList {
  const known = [...listedThings, ...resourceKinds.map(({ name }) => name)];
  const name = known.find((one) => one.toLowerCase() === what.toLowerCase());
  if (name === undefined) throw new ControlRefusedError(unknown(what, known));
  const companies = control.companies().filter(({ id }) => company === undefined || id === company);
  const projects = companies
    .flatMap(({ projects }) => projects)
    .filter(({ id }) => project === undefined || id === project);
  const disconnected = control.disconnected();
  switch (name) {
    case 'companies':
      return {
        name,
        rows: companies.map(({ id, name: called, projects: all }) => ({
          ...{ id, name: called, projects: String(all.length) },
          connected: disconnected.includes(id) ? 'no' : 'yes',
        })),
      };
    case 'projects':
      return {
        name,
        rows: projects.map(({ id, name: called, companyId, isActive }) => ({
          ...{ id, name: called, company: companyId, active: isActive ? 'yes' : 'no' },
        })),
      };
    case 'tokens': {
      const { issued, valid } = control.tokenCounts();
      return { name, rows: [{ issued: String(issued), valid: String(valid) }] };
    }
    case 'hooks':
      return { name, rows: hooksOf(control, company, project) };
    case 'deliveries':
      return { name, rows: deliveriesOf(control) };
    default:
      return { name, rows: recordsOf(control, name, companies, projects) };
  }
}

type Row = StandInList['rows'][number];

function hooksOf(control: ProcoreStandInControl, company: string | undefined, project: string | undefined): Row[] {
  return control
    .hooks()
    .filter((hook) => (company ?? hook.companyId) === hook.companyId && (project ?? hook.projectId) === hook.projectId)
    .map(({ id, companyId, projectId, status, namespace, destinationUrl, triggers }) => ({
      ...{ id, status, company: companyId, project: projectId ?? '-', namespace, destination: destinationUrl },
      triggers: triggers.map(({ resourceName, eventType }) => `${resourceName}.${eventType}`).join(', '),
    }));
}

/** The newest first, as many as a screen holds. */
function deliveriesOf(control: ProcoreStandInControl): Row[] {
  const newest = control.deliveries().slice(-20).toReversed();
  return newest.map(({ id, hookId, status, attempts }) => ({
    ...{ id, hook: hookId, status, attempts: String(attempts.length) },
    answered: String(attempts.at(-1)?.status ?? '-'),
  }));
}

function recordsOf(
  control: ProcoreStandInControl,
  name: string,
  companies: readonly { readonly id: string }[],
  projects: readonly { readonly id: string }[],
): Row[] {
  const isOfProject = resourceKinds.find((kind) => kind.name === name)?.level === 'project';
  return (isOfProject ? projects : companies).flatMap(({ id: owner }) =>
    control.records(name, owner).map(({ id, updatedAt, fields }) => ({
      ...{ id, [isOfProject ? 'project' : 'company']: owner, updated: new Date(updatedAt).toISOString() },
      what: String(fields.subject ?? fields.title ?? fields.name ?? ''),
    })),
  );
}

function unknown(what: string, known: readonly string[]): string {
  const near = nearMisses(what, known);
  const hint =
    near.length > 0 ? `Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?` : `It lists ${known.join(', ')}.`;
  return `The stand-in has no list "${what}". ${hint}`;
}
