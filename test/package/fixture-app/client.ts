import { connectToProcore } from 'procore-connector/client';

/** A function of the integrator's own reads a company's projects. */
export async function handler(_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<number> {
  const remaining = () => context.getRemainingTimeInMillis();
  const procore = connectToProcore({ environment: 'sandbox', connectionId: 'acme', remaining });
  let projects = 0;
  for await (const _ of procore.company('5358233').list('/rest/v1.0/projects')) projects += 1;
  return projects;
}
