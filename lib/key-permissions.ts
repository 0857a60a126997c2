/**
 * What a caller needs of a customer managed KMS key besides the right to call the service: DynamoDB and Secrets Manager
 * use the key on the caller's behalf. SQS does not, since the queues have its own encryption; CloudWatch Logs does not,
 * since it uses the key as itself.
 *
 * @see [Secrets Manager: permissions for the KMS key](https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html)
 * @see [what the CDK grants with a table](https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-dynamodb/lib/perms.ts)
 * @see [CloudWatch Logs and KMS](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html)
 */
export const keyPermissions = {
  table: {
    read: ['kms:Decrypt', 'kms:DescribeKey'],
    write: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
  },
  secret: {
    read: ['kms:Decrypt'],
    write: ['kms:Decrypt', 'kms:GenerateDataKey'],
  },
} as const;

const reads = ['GetItem', 'BatchGetItem', 'Query', 'Scan'];
const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

/**
 * Tells what a call needs of the key that its table or secret is encrypted with.
 *
 * @param action e.g. `dynamodb:GetItem`
 * @returns actions of KMS; none for a call that touches nothing encrypted with the key
 */
export function keyActionsOf(action: string): readonly string[] {
  const [service, operation = ''] = action.split(':');
  if (service === 'dynamodb' && reads.includes(operation)) return keyPermissions.table.read;
  if (service === 'dynamodb' && writes.includes(operation)) return keyPermissions.table.write;
  if (action === 'secretsmanager:GetSecretValue') return keyPermissions.secret.read;
  if (action === 'secretsmanager:PutSecretValue') return keyPermissions.secret.write;
  return [];
}
