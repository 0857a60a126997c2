// Records as Procore's reference describes them, for whoever reads them with `documented`. A field is here only if the
// OpenAPI document has it; most are, but not all. None of it is promised: each may be missing or null, but for the id.
// Ids are texts, as they are under every schema. Dates are texts, `2026-11-29`, times are texts, `2026-11-29T12:00:00Z`.
// OAS-W and OAS-T are the two copies of Procore's OpenAPI document that lib/procore-stand-in/PROCORE.md, section 0, names.

/** A record with an id, and fields that may be missing or null. */
type Documented<Fields> = { readonly id: string } & { readonly [Name in keyof Fields]?: Fields[Name] | null };

/** Somebody or something that a record names. */
export type NamedRecord = Documented<{ name: string }>;

/** A person that a record names. `login` is the e-mail address. */
export type NamedPerson = Documented<{ name: string; login: string }>;

/** Custom fields by their keys, `custom_field_` and the id of the definition. */
export type CustomFields = Readonly<Record<string, { readonly data_type?: string; readonly value?: unknown }>>;

/**
 * A company of the list `/rest/v1.0/companies`.
 *
 * @see [OAS-T](https://github.com/TylerIlunga/procore-mcp-server/blob/eed7a845/data/endpoint-details/RestV10CompaniesGet.json)
 */
export type Company = Documented<{
  name: string;
  is_active: boolean;
  logo_url: string;
  my_company: boolean;
  pcn_business_experience: boolean;
}>;

/**
 * A project of `/rest/v1.0/projects/{id}`.
 *
 * @see [OAS-T](https://github.com/TylerIlunga/procore-mcp-server/blob/eed7a845/data/endpoint-details/RestV10ProjectsIdGet.json)
 */
export type Project = Documented<{
  name: string;
  display_name: string;
  project_number: string;
  active: boolean;
  address: string;
  city: string;
  state_code: string;
  country_code: string;
  county: string;
  zip: string;
  time_zone: string;
  /** Of the tz database. */
  tz_name: string;
  phone: string;
  description: string;
  company: NamedRecord;
  created_by: NamedPerson;
  created_at: string;
  updated_at: string;
  start_date: string;
  completion_date: string;
  actual_start_date: string;
  projected_finish_date: string;
  origin_id: string;
  origin_code: string;
  origin_data: string;
  parent_job_id: string;
  project_stage: NamedRecord;
  project_type: NamedRecord;
  project_region: NamedRecord;
  program: NamedRecord;
  departments: readonly NamedRecord[];
  is_erp_integrated: boolean;
  custom_fields: CustomFields;
}>;

/**
 * A person of a company's directory, `/rest/v1.3/companies/{company_id}/users`.
 *
 * @see [OAS-W](https://github.com/weigandconstruction/procore_python_sdk/blob/d9fc38af/docs/RestV13CompaniesCompanyIdUsersGet200ResponseInnerOneOf1.md)
 */
export type User = Documented<{
  name: string;
  first_name: string;
  last_name: string;
  initials: string;
  email_address: string;
  job_title: string;
  business_phone: string;
  mobile_phone: string;
  is_active: boolean;
  is_employee: boolean;
  employee_id: string;
  vendor: NamedRecord;
  origin_id: string;
  origin_data: string;
  last_login_at: string;
  created_at: string;
  updated_at: string;
}>;

/**
 * An RFI of `/rest/v1.0/projects/{project_id}/rfis`. `status` is `open`, `closed` or `draft`.
 *
 * @see [OAS-W](https://github.com/weigandconstruction/procore_python_sdk/blob/d9fc38af/docs/RestV10ProjectsProjectIdRfisGet200ResponseInner.md)
 */
export type Rfi = Documented<{
  number: string;
  full_number: string;
  prefix: string;
  subject: string;
  status: string;
  translated_status: string;
  private: boolean;
  reference: string;
  link: string;
  due_date: string;
  initiated_at: string;
  time_resolved: string;
  created_at: string;
  updated_at: string;
  created_by: NamedPerson;
  rfi_manager: NamedPerson;
  received_from: NamedPerson;
  assignee: NamedPerson;
  assignees: readonly NamedPerson[];
  ball_in_court: NamedPerson;
  ball_in_courts: readonly NamedPerson[];
  responsible_contractor: NamedRecord;
  cost_code: NamedRecord;
  cost_impact: { readonly status?: string | null; readonly value?: number | null };
  schedule_impact: { readonly status?: string | null; readonly value?: number | null };
  location: NamedRecord;
  location_id: string;
  sub_job: NamedRecord;
  questions: readonly Documented<{ body: string }>[];
  custom_fields: CustomFields;
}>;

/**
 * A submittal of `/rest/v1.1/projects/{project_id}/submittals`.
 *
 * @see [OAS-W](https://github.com/weigandconstruction/procore_python_sdk/blob/d9fc38af/docs/RestV11ProjectsProjectIdSubmittalsGet200ResponseInner.md)
 */
export type Submittal = Documented<{
  number: string;
  formatted_number: string;
  revision: string;
  current_revision: boolean;
  title: string;
  description: string;
  status: Documented<{ name: string; status: string }>;
  type: NamedRecord;
  private: boolean;
  due_date: string;
  issue_date: string;
  received_date: string;
  submit_by: string;
  distributed_at: string;
  created_at: string;
  updated_at: string;
  created_by: NamedRecord;
  submittal_manager: NamedRecord;
  received_from: NamedRecord;
  ball_in_court: readonly NamedRecord[];
  responsible_contractor: NamedRecord;
  specification_section: Documented<{ number: string; description: string; label: string }>;
  submittal_package: Documented<{ number: string; title: string }>;
  cost_code_id: string;
  location_id: string;
  sub_job_id: string;
  drawing_ids: readonly string[];
  custom_fields: CustomFields;
}>;

/**
 * A daily log of manpower, `/rest/v1.0/projects/{project_id}/manpower_logs`. Daily logs of other kinds have other fields.
 *
 * @see [OAS-T](https://github.com/TylerIlunga/procore-mcp-server/blob/eed7a845/data/endpoint-details/RestV10ProjectsProjectIdManpowerLogsIdGet.json)
 */
export type ManpowerLog = Documented<{
  date: string;
  datetime: string;
  num_workers: number;
  /** A decimal, as a text. */
  num_hours: string;
  /** A decimal, as a text. */
  man_hours: string;
  notes: string;
  status: string;
  position: number;
  vendor: NamedRecord;
  user: NamedPerson;
  cost_code: NamedRecord;
  location: NamedRecord;
  trade: NamedRecord;
  created_by: NamedPerson;
  created_at: string;
  updated_at: string;
  custom_fields: CustomFields;
}>;

/**
 * A change event of `/rest/v1.1/change_events/{id}`. In v1.0 `status` is a text.
 *
 * @see [OAS-T](https://github.com/TylerIlunga/procore-mcp-server/blob/eed7a845/data/endpoint-details/RestV11ChangeEventsIdGet.json)
 */
export type ChangeEvent = Documented<{
  number: string;
  title: string;
  description: string;
  scope: string;
  status: Documented<{ name: string; mapped_to_status: string }>;
  change_type: Documented<{ name: string; abbreviation: string }>;
  change_reason: Documented<{ change_reason: string }>;
  project_id: string;
  company_id: string;
  created_by: NamedPerson;
  created_at: string;
  updated_at: string;
  deleted_at: string;
  custom_fields: CustomFields;
}>;

/**
 * A commitment: what work order contracts and purchase order contracts have in common, `/rest/v1.0/work_order_contracts`
 * and `/rest/v1.0/purchase_order_contracts`. Amounts are decimals, as texts.
 *
 * @see [OAS-W, work orders](https://github.com/weigandconstruction/procore_python_sdk/blob/d9fc38af/docs/RestV10WorkOrderContractsGet200ResponseInner.md)
 * @see [OAS-W, purchase orders](https://github.com/weigandconstruction/procore_python_sdk/blob/d9fc38af/docs/RestV10PurchaseOrderContractsGet200ResponseInner.md)
 */
export type Commitment = Documented<{
  number: string;
  title: string;
  description: string;
  status: string;
  accounting_method: string;
  executed: boolean;
  private: boolean;
  contract_date: string;
  execution_date: string;
  grand_total: string;
  revised_contract: string;
  approved_change_orders: string;
  pending_change_orders: string;
  retainage_percent: string;
  percentage_paid: string;
  project: NamedRecord;
  vendor: Documented<{ company: string }>;
  origin_id: string;
  origin_code: string;
  origin_data: string;
  created_at: string;
  updated_at: string;
  deleted_at: string;
}>;
