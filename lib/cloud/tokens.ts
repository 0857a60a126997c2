import { Construct } from 'constructs';
import type { ConcurrencyShare } from '../concurrency.ts';
import { ConnectorFunction, type SharedFunctionProps } from './connector-function.ts';
import { type EscrowQueue, tokenRecoveryTimeoutSeconds } from './escrow-queue.ts';
import type { EventQueues } from './event-queue.ts';
import { everyMinute } from './every-minute.ts';
import { type RotationQueues, tokenRotationTimeoutSeconds } from './rotation-queue.ts';
import type { Secrets } from './secrets.ts';
import type { Tables } from './tables.ts';

export interface TokensProps {
  readonly shared: SharedFunctionProps;
  readonly secrets: Secrets;
  readonly tables: Tables;
  readonly eventQueue: EventQueues;
  readonly rotationQueue: RotationQueues;
  readonly escrowQueue: EscrowQueue;
  readonly concurrency: ConcurrencyShare;
}

/** Handing out access tokens and rotating them before they expire. */
export class Tokens extends Construct {
  readonly functions: readonly ConnectorFunction[];
  readonly accessToken: ConnectorFunction;

  constructor(scope: Construct, id: string, props: TokensProps) {
    super(scope, id);
    const { shared, secrets, tables, eventQueue, rotationQueue, escrowQueue, concurrency } = props;

    const accessToken = new ConnectorFunction(this, 'AccessToken', {
      ...shared,
      name: 'access-token',
      description: "Returns a connection's valid access token, rotated first if need be",
      // A token request of 10 s at most, or the wait for somebody else's, then writes with their retries.
      memoryMebibytes: 512,
      timeoutSeconds: 30,
      isVersioned: true,
    });
    const sweep = new ConnectorFunction(this, 'RotationSweep', {
      ...shared,
      name: 'rotation-sweep',
      description: 'Sends the connections that are due to the rotation queue',
      // It ends before the next minute's starts.
      memoryMebibytes: 512,
      timeoutSeconds: 50,
    });
    const rotation = new ConnectorFunction(this, 'TokenRotation', {
      ...shared,
      name: 'token-rotation',
      description: 'Rotates the tokens of connections that are due',
      // Ten connections side by side, nearly all of the time waiting for Procore.
      memoryMebibytes: 512,
      timeoutSeconds: tokenRotationTimeoutSeconds,
      isVersioned: true,
    });
    const recovery = new ConnectorFunction(this, 'TokenRecovery', {
      ...shared,
      name: 'token-recovery',
      description: 'Stores the token sets that DynamoDB refused before',
      // Rarely started and nobody waits.
      memoryMebibytes: 256,
      timeoutSeconds: tokenRecoveryTimeoutSeconds,
    });

    const restoring = new ConnectorFunction(this, 'RestoreConnections', {
      ...shared,
      name: 'restore-connections',
      description: 'Copies connections out of a restored table',
      // A person waits; ten connections side by side, each with up to two calls of Procore.
      memoryMebibytes: 512,
      timeoutSeconds: 60,
    });

    for (const writing of [accessToken, rotation, recovery, restoring]) {
      tables.grantConnections(writing);
      secrets.grantOauthClient(writing);
      eventQueue.grantSend(writing);
    }
    for (const rotating of [accessToken, rotation, restoring]) escrowQueue.grantSend(rotating);
    tables.grantRestoredConnections(restoring);
    tables.grantDueConnections(sweep);
    rotationQueue.grantSend(sweep);
    rotationQueue.grantWork(rotation, concurrency.rotation);
    escrowQueue.grantWorkExclusively(recovery, concurrency.recovery);
    if (concurrency.recovery === 'scheduled') everyMinute(recovery);
    everyMinute(sweep);

    this.accessToken = accessToken;
    this.functions = [accessToken, sweep, rotation, recovery, restoring];
  }

  /**
   * Lets a function ask for access tokens; it never sees a refresh token.
   *
   * @param callsAtATime how many of its calls run at a time. Default is 1: it works for one company after the other.
   */
  grantAccessTokens(connectorFunction: ConnectorFunction, callsAtATime = 1): void {
    connectorFunction.set('accessTokenFunction', this.accessToken.calledName);
    connectorFunction.set('accessTokenCalls', String(callsAtATime));
    connectorFunction.allow(['lambda:InvokeFunction'], [this.accessToken.target.functionArn]);
  }
}
