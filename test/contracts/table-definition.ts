import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { withoutIgnored } from '../../lib/local/template/ignored.ts';
import { resourceProperties } from '../../lib/local/template/resource-properties.ts';
import { resourcesOfType, synthesize } from '../cloud/synthesized.ts';

/** An environment's tables, as lib/cloud/tables.ts names them. */
export type TableName = 'Connections' | 'Authorizations' | 'Deliveries' | 'Subscriptions' | 'RateBudget' | 'Jobs';

const type = 'AWS::DynamoDB::Table';
const schema = resourceProperties[type].omit({ TableName: true });

/**
 * Reads a table's keys and indexes out of the synthesized template: what is deployed is what the tests run on.
 *
 * @throws Error when the template has no such table, or a property that the local runner does not know either
 */
export function tableDefinition(name: TableName): Omit<CreateTableCommandInput, 'TableName'> {
  const template = synthesize({ environments: 'sandbox' });
  const found = resourcesOfType(template, type).find(([logicalId]) => logicalId.startsWith(`SandboxTables${name}`));
  if (!found) throw new Error(`The template has no table ${name}.`);
  return schema.parse(withoutIgnored(type, found[1].Properties));
}
