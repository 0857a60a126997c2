/** A kind of record that the stand-in keeps: what its endpoints and events are called, and what is odd about its list. */
export interface ResourceKind {
  /** The resource name of its events. */
  readonly name: string;
  /** What its records belong to. */
  readonly level: 'company' | 'project';
  /** Methods and path of each endpoint. */
  readonly endpoints: readonly string[];
  /** The key of a body that the record's fields stand under; undefined where they stand in the body itself. */
  readonly body?: string;
  /** A field without which none is created. */
  readonly needs?: string;
  /** Lists that do not know `filters[updated_at]` ignore it. */
  readonly filtersUpdatedAt: boolean;
  /** Its list gives today's approved records unless dates are given. */
  readonly isDailyLog?: true;
  /** Its list is 200 and empty for whoever may not see it. */
  readonly emptyWithoutPermission?: true;
}

/**
 * The kinds of records, as Procore's reference has them. RFIs of v2.0 are an assumption: they look as other lists of v2.0.
 *
 * @see [PROCORE.md, section 5](PROCORE.md#5-paging-and-incremental-reads)
 */
export const resourceKinds: readonly ResourceKind[] = [
  {
    name: 'RFIs',
    level: 'project',
    body: 'rfi',
    needs: 'subject',
    filtersUpdatedAt: true,
    endpoints: [
      'GET POST /rest/v1.0/projects/{project}/rfis',
      'GET PATCH /rest/v1.0/projects/{project}/rfis/{id}',
      'GET /rest/v2.0/companies/{company}/projects/{project}/rfis',
      'GET /rest/v2.0/companies/{company}/projects/{project}/rfis/{id}',
    ],
  },
  {
    name: 'Submittals',
    level: 'project',
    body: 'submittal',
    filtersUpdatedAt: true,
    endpoints: [
      'GET POST /rest/v1.0/projects/{project}/submittals',
      'GET PATCH /rest/v1.0/projects/{project}/submittals/{id}',
      'GET POST /rest/v1.1/projects/{project}/submittals',
      'GET PATCH DELETE /rest/v1.1/projects/{project}/submittals/{id}',
      'GET /rest/v2.0/companies/{company}/projects/{project}/submittals',
    ],
  },
  {
    name: 'Observation Items',
    level: 'project',
    body: 'observation',
    needs: 'name',
    filtersUpdatedAt: true,
    endpoints: [
      'GET POST /rest/v1.0/observations/items',
      'GET PATCH /rest/v1.0/observations/items/{id}',
      'DELETE /rest/v1.0/projects/{project}/observations/items/{id}',
    ],
  },
  {
    name: 'Punch Items',
    level: 'project',
    body: 'punch_item',
    needs: 'name',
    filtersUpdatedAt: true,
    endpoints: [
      'GET POST /rest/v1.0/punch_items',
      'GET PATCH DELETE /rest/v1.0/punch_items/{id}',
      'GET POST /rest/v1.1/punch_items',
      'GET PATCH DELETE /rest/v1.1/punch_items/{id}',
    ],
  },
  {
    name: 'Change Events',
    level: 'project',
    body: 'change_event',
    filtersUpdatedAt: true,
    endpoints: [
      'GET POST /rest/v1.0/change_events',
      'GET PATCH /rest/v1.0/change_events/{id}',
      'GET POST /rest/v1.1/change_events',
      'GET PATCH DELETE /rest/v1.1/change_events/{id}',
    ],
  },
  {
    name: 'Manpower Logs',
    level: 'project',
    body: 'manpower_log',
    filtersUpdatedAt: false,
    isDailyLog: true,
    endpoints: [
      'GET POST /rest/v1.0/projects/{project}/manpower_logs',
      'GET PATCH DELETE /rest/v1.0/projects/{project}/manpower_logs/{id}',
    ],
  },
  {
    name: 'Task Items',
    level: 'project',
    body: 'task_item',
    filtersUpdatedAt: false,
    endpoints: ['GET POST /rest/v1.0/task_items', 'GET PATCH DELETE /rest/v1.0/task_items/{id}'],
  },
  {
    name: 'Prime Contracts',
    level: 'project',
    filtersUpdatedAt: true,
    emptyWithoutPermission: true,
    endpoints: [
      'GET /rest/v1.0/prime_contracts',
      'GET POST /rest/v2.0/companies/{company}/projects/{project}/prime_contracts',
      'GET PATCH DELETE /rest/v2.0/companies/{company}/projects/{project}/prime_contracts/{id}',
    ],
  },
  {
    name: 'Project Users',
    level: 'project',
    body: 'user',
    needs: 'email_address',
    filtersUpdatedAt: true,
    endpoints: ['GET POST /rest/v1.0/projects/{project}/users', 'GET PATCH /rest/v1.0/projects/{project}/users/{id}'],
  },
  {
    name: 'Company Users',
    level: 'company',
    body: 'user',
    needs: 'email_address',
    filtersUpdatedAt: true,
    endpoints: [
      'GET POST /rest/v1.0/companies/{company}/users',
      'GET PATCH /rest/v1.0/companies/{company}/users/{id}',
      'GET POST /rest/v1.3/companies/{company}/users',
      'GET PATCH /rest/v1.3/companies/{company}/users/{id}',
    ],
  },
  {
    name: 'Company Vendors',
    level: 'company',
    body: 'vendor',
    needs: 'name',
    filtersUpdatedAt: true,
    endpoints: ['GET POST /rest/v1.0/vendors', 'GET PATCH /rest/v1.0/vendors/{id}'],
  },
];

/** An endpoint of a kind that a request's path leads to, and the ids that stand in the path. */
export interface FoundEndpoint {
  readonly kind: ResourceKind;
  readonly methods: readonly string[];
  readonly company?: string;
  readonly project?: string;
  /** Left out: the path is that of the list. */
  readonly id?: string;
}

const routes = resourceKinds.flatMap((kind) =>
  kind.endpoints.map((endpoint) => {
    const [path = '', ...methods] = endpoint.split(' ').reverse();
    return { kind, methods, pattern: new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>\\d+)')}$`) };
  }),
);

/** Finds the endpoint of a path; undefined where no kind has it. */
export function findEndpoint(path: string): FoundEndpoint | undefined {
  for (const { kind, methods, pattern } of routes) {
    const match = pattern.exec(path);
    if (match) return { kind, methods, ...match.groups };
  }
  return undefined;
}
