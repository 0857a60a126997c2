import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoDbLedger } from '../../../functions/aws/dynamodb-ledger.ts';
import type { Ledger } from '../../../functions/webhook/ledger.ts';
import { openConsole } from '../../../lib/console/console.ts';
import type { LocalEnvironment, LocalSystem } from '../../../lib/local/local-system.ts';
import { startLocalSystem } from '../../../lib/local/system.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import type { Surroundings } from '../../../lib/operator/session.ts';
import { createTerminal } from '../../../lib/operator/terminal.ts';
import { proofWorker } from '../../proof-worker.ts';

const nowhere = { write: () => {} };

/** A terminal at which nobody sits. */
export const quiet = createTerminal({ stdout: nowhere, stderr: nowhere, interactive: false, variables: {} });

const notHere = () => Promise.reject(new TypeError('No bench of the console needs this.'));

/** What the console needs of the command line's surroundings. */
export const surroundings: Surroundings = {
  program: {
    node: process.execPath,
    script: '',
    command: ['procore'],
    package: { name: 'procore-connector', version: '0' },
  },
  ...{ network: async () => [], standing: notHere, dev: notHere, settings: async () => undefined },
  ...{ remembered: async () => undefined, makeStarter: notHere, remember: notHere, openConsole },
};

/** The local system of a bench, with its first environment. */
export interface BenchedSystem {
  readonly system: LocalSystem;
  readonly sandbox: LocalEnvironment;
  readonly dynamoDb: DynamoDBClient;
  readonly ledger: Ledger;
  stop(): Promise<void>;
}

/** Starts a local system. @param patienceMs how long one write of the ledger may take on a busy machine */
export async function startSystem(patienceMs = 30_000): Promise<BenchedSystem> {
  const worker = await proofWorker();
  const system = await startLocalSystem({ port: 0, worker }, { step: () => {}, log: () => {} });
  const sandbox = system.environments.find(({ name }) => name === 'sandbox');
  if (sandbox === undefined) throw new TypeError('A local system has a sandbox.');
  const dynamoDb = new DynamoDBClient(clientOptions(system.aws));
  const place = { client: dynamoDb, table: sandbox.tables.Deliveries ?? '', environment: 'sandbox' } as const;
  return {
    ...{ system, sandbox, dynamoDb },
    ledger: dynamoDbLedger({ ...place, clock: () => Date.now() / 1000, callMs: patienceMs }),
    async stop() {
      dynamoDb.destroy();
      await system.stop();
    },
  };
}
