import { describe } from 'vitest';
import { sqsEscrow, sqsWaitingEscrow } from '../../functions/aws/sqs-escrow.ts';
import { memoryEscrow } from '../memory/escrow.ts';
import { escrowContract, throttledEscrowContract } from './escrow.ts';
import { throttledSqs, useSqs } from './use-sqs.ts';

describe('escrow in memory', () => {
  escrowContract(async () => {
    const escrow = memoryEscrow();
    const bodies = () => escrow.deposited.map((escrowed) => JSON.stringify(escrowed));
    return { escrow, bodies, waiting: escrow.waiting };
  });
  throttledEscrowContract(memoryEscrow(() => 'throttled'));
});

describe('escrow in SQS', () => {
  const used = useSqs();
  escrowContract(async () => {
    const { queueUrl, messages } = used.createQueue('standard');
    const bodies = () => messages().map(({ body }) => body);
    const queue = { client: used.client, queueUrl };
    return { escrow: sqsEscrow(queue), bodies, waiting: sqsWaitingEscrow(queue) };
  });
  throttledEscrowContract(sqsEscrow({ client: throttledSqs, queueUrl: 'https://sqs.example/escrow' }));
});
