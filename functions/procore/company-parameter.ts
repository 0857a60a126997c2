import { withQuery } from './listing.ts';

/** Lists of a company's v1, of which a single record wants `company_id` as well. */
const wanting =
  'app_installations|checklist/item_types|custom_field_definitions|custom_field_definitions/\\d+/custom_field_lov_entries|' +
  'custom_fields_sections|departments|line_item_types|offices|projects|standard_cost_code_lists|standard_cost_codes|tax_codes|' +
  'tax_types|users|vendors|workflow_activity_histories|workflow_instances';

/** Those of which no single record can be asked for so. */
const wantingAsWhole =
  'change_order_change_reasons|change_order/statuses|change_types|company_configuration|installation_requests|' +
  'observations/types|project_templates';

/**
 * The paths whose GET wants `company_id` in its query besides the company header.
 *
 * @see [PROCORE.md, section 5](../../lib/procore-stand-in/PROCORE.md#5-paging-and-incremental-reads)
 */
const wants = new RegExp(`^/rest/v1\\.\\d+/(?:(?:${wanting})(?:/\\d+)?|${wantingAsWhole}|custom_field_metadata/\\d+)$`);

/** Of these Procore takes `project_id` in place of it. */
const orOfProject = /\/(?:app_installations|line_item_types)(?:\/\d+)?$/;

/**
 * Adds `company_id` to the query of a GET that wants it, unless the caller gave one.
 *
 * A path that is not known to want it is left alone: elsewhere the same parameter can be a filter.
 *
 * @param pathAndQuery e.g. `/rest/v1.0/projects?page=2`
 * @returns e.g. `/rest/v1.0/projects?page=2&company_id=5358233`
 */
export function withCompanyId(pathAndQuery: string, companyId: string | undefined): string {
  const [path = '', query] = pathAndQuery.split('?', 2);
  if (companyId === undefined || !wants.test(path)) return pathAndQuery;
  const given = new URLSearchParams(query);
  if (given.has('company_id') || (given.has('project_id') && orOfProject.test(path))) return pathAndQuery;
  return withQuery(pathAndQuery, { company_id: companyId });
}
