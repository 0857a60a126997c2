import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { connectToProcore } from 'procore-connector/client';

interface Asked {
  readonly connectionId: string;
  /** A table of ours that nobody has granted. */
  readonly table?: string;
}

/** A function of the integrator's own reads a company's projects, and what it may not read. */
export async function handler(
  { connectionId, table }: Asked,
  context: { getRemainingTimeInMillis(): number },
): Promise<unknown> {
  if (table !== undefined) {
    const Key = { connectionId: { S: connectionId } };
    return new DynamoDBClient({}).send(new GetItemCommand({ TableName: table, Key }));
  }
  const remaining = () => context.getRemainingTimeInMillis();
  const procore = connectToProcore({ environment: 'sandbox', connectionId, remaining });
  const names: unknown[] = [];
  for await (const project of procore.company('5358233').list('/rest/v1.0/projects')) {
    names.push((project as { readonly name: unknown }).name);
  }
  return { names, bucket: process.env.BUCKET };
}
