import { describe, expect, it } from 'vitest';
import { sqsEscrow, sqsWaitingEscrow } from '../../functions/aws/sqs-escrow.ts';
import { connectionWorld } from '../connection/world.ts';
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

  it('says of what lies there how old it is, from which the alarm knows what does not land', async () => {
    const queue = { client: used.client, queueUrl: used.createQueue('standard').queueUrl };
    const before = Date.now() / 1000;
    const { environment, connectionId, generation, authorizedBy } = connectionWorld().put();
    const tokens = connectionWorld().tokenEndpoint.tokenSet(3);
    await sqsEscrow(queue).deposit({ environment, connectionId, generation, authorizedBy, tokens });
    const [{ sentAt } = { sentAt: 0 }] = await sqsWaitingEscrow(queue).receive();
    expect(sentAt).toBeGreaterThanOrEqual(before - 1);
    expect(sentAt).toBeLessThanOrEqual(Date.now() / 1000);
  });

  throttledEscrowContract(sqsEscrow({ client: throttledSqs, queueUrl: 'https://sqs.example/escrow' }));
});
