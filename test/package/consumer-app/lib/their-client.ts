import { type CompanyClient, connectToProcore, type ExactJson, type ProcoreClient } from 'procore-connector/client';

/** A function of the integrator's own. */
export async function firstProject(remaining: () => number): Promise<ExactJson | undefined> {
  const procore: ProcoreClient<'sandbox'> = connectToProcore({
    environment: 'sandbox',
    connectionId: 'acme',
    remaining,
  });
  const company: CompanyClient = procore.company('5358233');
  for await (const project of company.list('/rest/v1.0/projects', { perPage: 1 })) return project;
  return undefined;
}
