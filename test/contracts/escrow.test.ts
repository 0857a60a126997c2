import { describe } from 'vitest';
import { sqsEscrow } from '../../functions/aws/sqs-escrow.ts';
import { memoryEscrow } from '../memory/escrow.ts';
import { escrowContract, throttledEscrowContract } from './escrow.ts';
import { throttledSqs, useSqs } from './use-sqs.ts';

describe('escrow in memory', () => {
  escrowContract(async () => {
    const escrow = memoryEscrow();
    return { escrow, bodies: () => escrow.deposited.map((escrowed) => JSON.stringify(escrowed)) };
  });
  throttledEscrowContract(memoryEscrow(() => 'throttled'));
});

describe('escrow in SQS', () => {
  const used = useSqs();
  escrowContract(async () => {
    const { queueUrl, messages } = used.createQueue('standard');
    return { escrow: sqsEscrow({ client: used.client, queueUrl }), bodies: () => messages().map(({ body }) => body) };
  });
  throttledEscrowContract(sqsEscrow({ client: throttledSqs, queueUrl: 'https://sqs.example/escrow' }));
});
