import type { LedgerReader } from '../../functions/webhook/ledger.ts';
import { dynamoDbLedgerReader } from './aws/dynamodb-ledger-reader.ts';
import { sqsDeadLetters } from './aws/sqs-dead-letters.ts';
import { sqsQuarantineReader } from './aws/sqs-quarantine-reader.ts';
import type { DeadLetterQueue } from './dead-letters.ts';
import type { DeployedEnvironment } from './deployment.ts';
import type { QuarantineReader } from './quarantine.ts';

/** Gives an environment's ledger, for reading. */
export function ledgerOf({ clients, name, tableName }: DeployedEnvironment): LedgerReader {
  return dynamoDbLedgerReader({ client: clients.dynamoDb, table: tableName('Deliveries'), environment: name });
}

/** Gives an environment's dead letters of events. */
export function deadLettersOf({ clients, queueUrl }: DeployedEnvironment): DeadLetterQueue {
  return sqsDeadLetters({
    client: clients.sqs,
    queueUrl: queueUrl('EventsDeadLetter'),
    eventQueueUrl: queueUrl('Events'),
  });
}

/** Gives an environment's quarantine. */
export function quarantineOf({ clients, queueUrl }: DeployedEnvironment): QuarantineReader {
  return sqsQuarantineReader({ client: clients.sqs, queueUrl: queueUrl('Quarantine') });
}
