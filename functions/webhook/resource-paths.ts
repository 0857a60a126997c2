import { ConnectorError } from '../connector-error.ts';
import { nearMisses } from './near-misses.ts';
import type { ResourceLevel } from './subscription.ts';

/** Where the records of a resource are listed. */
export interface ResourceList {
  /** A list of the company, or one list in each project. */
  readonly level: ResourceLevel;
  /** Path, perhaps with a query, in which `{company_id}` and `{project_id}` stand for ids. */
  readonly path: string;
  /** Whether `filters[updated_at]` is documented for it. One that ignores the filter gives all records. */
  readonly filtersByUpdate: boolean;
}

/** Nobody has told where a resource is listed, or not in a way that can be read. */
export class UnknownResourcePathError extends ConnectorError {
  override readonly name = 'UnknownResourcePathError';
  readonly code = 'unknown_resource_path';
}

/**
 * Gives the list of a resource that webhooks name.
 *
 * Left out, because their lists do not give every record, or not as records with an id of their own: logs of a day (today's
 * only, unless a date is given), meetings (in groups), dates of a project (one object), bids (one's own only), and whatever
 * is listed inside of another record (line items of a contract, replies to an RFI).
 *
 * @param name as the webhook catalogue spells it, e.g. `RFIs`
 * @returns undefined when it is not known
 */
export function resourceList(name: string): ResourceList | undefined {
  for (const level of ['company', 'project'] as const) {
    for (const filtersByUpdate of [true, false]) {
      const paths: Readonly<Record<string, string>> = known[level][filtersByUpdate ? 'filtering' : 'whole'];
      const path = Object.hasOwn(paths, name) ? paths[name] : undefined;
      if (path !== undefined) return { level, path, filtersByUpdate };
    }
  }
  return undefined;
}

/**
 * Gives the list of a resource: the one that a person names, else the known one.
 *
 * @param path as a person writes it: with `{project_id}` for a list in each project
 * @throws UnknownResourcePathError when neither is there, or the path cannot be used
 */
export function resourceListOf(name: string, path: string | undefined): ResourceList {
  if (path !== undefined) return listAt(path);
  const list = resourceList(name);
  if (list !== undefined) return list;
  const near = nearMisses(name, knownNames());
  const hint = near.length > 0 ? ` Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?` : '';
  throw new UnknownResourcePathError(
    `It is not known where "${name}" is listed.${hint} Name the path of its list, with {project_id} where the id of a ` +
      'project stands, e.g. /rest/v1.0/projects/{project_id}/rfis.',
  );
}

const pathForm = /^\/rest\/v\d+\.\d+(?:\/(?:[\w-]+|\{(?:company|project)_id\}))+(?:\?[\w%=.&{}-]+)?$/;

function listAt(path: string): ResourceList {
  if (!pathForm.test(path)) {
    throw new UnknownResourcePathError(
      `"${path}" cannot be used. A path looks like /rest/v1.0/projects/{project_id}/rfis or /rest/v1.0/departments.`,
    );
  }
  if (/\/projects\/\d+|project_id=\d/.test(path)) {
    throw new UnknownResourcePathError(
      `"${path}" names one project. Write {project_id} in place of its id, and the project apart.`,
    );
  }
  const level = path.includes('{project_id}') ? 'project' : 'company';
  const documented = Object.values(known[level].filtering) as readonly string[];
  return { level, path, filtersByUpdate: documented.includes(path) };
}

/** Gives the names whose lists are known. */
export function knownNames(): readonly string[] {
  return Object.values(known).flatMap(({ filtering, whole }) => [...Object.keys(filtering), ...Object.keys(whole)]);
}

const ofCompany = '/rest/v1.0/companies/{company_id}';
const inProject = '/rest/v1.0/projects/{project_id}';
const inProject11 = '/rest/v1.1/projects/{project_id}';

/**
 * Names as Procore's catalogue of webhooks has them, and the lists whose titles say the same. `filtering` lists are
 * documented with `filters[updated_at]`, `whole` ones without.
 *
 * @see [PROCORE.md, section 3.4](../../lib/procore-stand-in/PROCORE.md#34-resources-and-triggers) for the names (NOTES)
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads) for the lists (OAS-T)
 */
const known = {
  company: {
    filtering: {
      'Company Users': '/rest/v1.3/companies/{company_id}/users',
      'Company Vendors': '/rest/v1.0/vendors?company_id={company_id}',
      'Form Templates': `${ofCompany}/form_templates`,
      // Without the filter it has active projects only.
      Projects: '/rest/v1.0/projects?company_id={company_id}&filters%5Bby_status%5D=All',
      Trades: `${ofCompany}/trades`,
    },
    whole: {
      'Change Order Change Reasons': '/rest/v1.0/change_order_change_reasons?company_id={company_id}',
      'Change Types': '/rest/v1.0/change_types?company_id={company_id}',
      'Company Insurances': `${ofCompany}/insurances`,
      Departments: '/rest/v1.0/departments?company_id={company_id}',
      Offices: '/rest/v1.0/offices?company_id={company_id}',
      Programs: `${ofCompany}/programs`,
      'Project Bid Types': `${ofCompany}/project_bid_types`,
      'Project Owner Types': `${ofCompany}/project_owner_types`,
      'Project Regions': `${ofCompany}/project_regions`,
      'Project Stages': `${ofCompany}/project_stages`,
      'Project Types': `${ofCompany}/project_types`,
      'Timecard Time Types': `${ofCompany}/timecard_time_types`,
    },
  },
  project: {
    filtering: {
      'Change Events': '/rest/v1.1/change_events?project_id={project_id}',
      'Change Order Packages': '/rest/v1.0/change_order_packages?project_id={project_id}',
      'Coordination Issues': '/rest/v1.0/coordination_issues?project_id={project_id}',
      'Direct Cost Line Items': `${inProject}/direct_costs/line_items`,
      'Direct Costs': `${inProject11}/direct_costs`,
      Forms: `${inProject11}/forms`,
      Images: '/rest/v1.0/images?project_id={project_id}',
      Incidents: `${inProject}/incidents`,
      Locations: `${inProject}/locations`,
      'Observation Items': '/rest/v1.0/observations/items?project_id={project_id}',
      'Potential Change Orders': '/rest/v1.0/potential_change_orders?project_id={project_id}',
      'Prime Contracts': '/rest/v1.0/prime_contracts?project_id={project_id}',
      'Project Users': `${inProject}/users`,
      'Punch Items': '/rest/v1.1/punch_items?project_id={project_id}',
      'Purchase Order Contracts': '/rest/v1.0/purchase_order_contracts?project_id={project_id}',
      RFIs: `${inProject}/rfis`,
      'Submittal Packages': `${inProject}/submittal_packages`,
      Submittals: `${inProject11}/submittals`,
      Tasks: '/rest/v1.0/tasks?project_id={project_id}',
      'Work Order Contracts': '/rest/v1.0/work_order_contracts?project_id={project_id}',
    },
    whole: {
      'BIM File Extractions': '/rest/v1.0/bim_file_extractions?project_id={project_id}',
      'BIM Model Revisions': '/rest/v1.0/bim_model_revisions?project_id={project_id}',
      'BIM Models': '/rest/v1.0/bim_models?project_id={project_id}',
      'Budget Modifications': `${inProject}/budget_modifications`,
      'Coordination Issue Activities': '/rest/v1.0/coordination_issue_activities?project_id={project_id}',
      'Cost Codes': '/rest/v1.0/cost_codes?project_id={project_id}',
      'Drawing Areas': `${inProject11}/drawing_areas`,
      'Drawing Sets': `${inProject}/drawing_sets`,
      'Drawing Uploads': `${inProject11}/drawing_uploads`,
      'Image Categories': '/rest/v1.0/image_categories?project_id={project_id}',
      'Payment Applications': '/rest/v1.0/payment_applications?project_id={project_id}',
      'Project Insurances': `${inProject}/insurances`,
      'Project Vendors': `${inProject11}/vendors`,
      'Specification Sections': '/rest/v1.0/specification_sections?project_id={project_id}',
      'Specification Sets': `${inProject}/specification_sets`,
      'Sub Jobs': '/rest/v1.0/sub_jobs?project_id={project_id}',
      'Task Items': '/rest/v1.0/task_items?project_id={project_id}',
    },
  },
} as const;
