import { describe, expect, it } from 'vitest';
import { sqsQuarantine } from '../../functions/aws/sqs-quarantine.ts';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { sqsQuarantineReader } from '../../lib/operator/aws/sqs-quarantine-reader.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { quarantineContract, throttledQuarantineContract } from './quarantine.ts';
import { throttledSqs, useSqs } from './use-sqs.ts';

const onSqs = (place: Parameters<typeof sqsQuarantine>[0]) => ({
  ...sqsQuarantine(place),
  ...sqsQuarantineReader(place),
});

describe('the quarantine in memory', () => {
  const clock = () => 0;
  quarantineContract(async () => memoryQuarantine(clock));
  throttledQuarantineContract(memoryQuarantine(clock, () => 'throttled'));
});

describe('the quarantine in SQS', () => {
  const used = useSqs();
  quarantineContract(async () => {
    const { queueUrl } = used.createQueue('standard');
    return onSqs({ client: used.client, queueUrl });
  });
  throttledQuarantineContract(onSqs({ client: throttledSqs, queueUrl: 'https://sqs.example/quarantine' }));

  it('throws when somebody has deleted the queue: that is not the message’s fault', async () => {
    const { queueUrl } = used.createQueue('standard');
    const message = quarantineMessage(new Uint8Array(1), 'invalid_json', 5);
    await expect(sqsQuarantine({ client: used.client, queueUrl: `${queueUrl}-gone` }).keep(message)).rejects.toThrow();
  });
});
