import { expect, it } from 'vitest';
import { standsOf } from '../../../lib/operator/actions/status.ts';
import type { DeployedEnvironment, Deployment } from '../../../lib/operator/deployment.ts';
import { createTerminal } from '../../../lib/operator/terminal.ts';

const nowhere = { write: () => {} };
const terminal = createTerminal({ stdout: nowhere, stderr: nowhere, interactive: false, variables: {} });

it('scans the connections of a deployed stack every five minutes, however often it looks between', async () => {
  const scans: number[] = [];
  let now = 1_800_000_000;
  // Whatever else is read fails, and is told by itself.
  const environment = {
    ...{ name: 'sandbox', stackName: 'Deployed', local: false, clients: {} },
    ...{ queueUrl: () => '', tableName: () => '', secretArn: () => '' },
    async *scan() {
      scans.push(now);
      yield* [];
    },
  } as unknown as DeployedEnvironment;
  const deployment: Deployment = {
    stackName: 'Deployed',
    local: false,
    environments: [environment],
    end: async () => {},
  };
  const look = await standsOf({ terminal, deployments: async () => [deployment] }, undefined, () => now);
  let stands = await look();
  for (let minute = 1; minute <= 12; minute += 1) {
    now += 60;
    stands = await look(stands);
    expect(now - (stands[0]?.facts.scannedAt ?? 0)).toBeLessThan(300);
  }
  expect(scans.map((at) => (at - 1_800_000_000) / 60)).toEqual([0, 5, 10]);
});
