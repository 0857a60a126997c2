import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoredTableSuffix } from '../../functions/settings.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { useOperator } from './operator.ts';
import { loseConnection, restoreTable } from './restored-table.ts';

const { procore, sandbox, system } = useOperator();

let dynamoDb: DynamoDBClient;
let fromTable: string;
const tooEarly: Awaited<ReturnType<typeof procore>>[] = [];
const inSandbox = ['--environment', 'sandbox'];

beforeAll(async () => {
  dynamoDb = new DynamoDBClient(clientOptions(system().aws));
  for (const connectionId of ['robot', 'other-robot']) {
    await procore(['connect', connectionId, '--service-account', '--company', '5358233', ...inSandbox]);
  }
  const early = `${sandbox().tables.Connections}${restoredTableSuffix}`;
  // Before it is restored, the table of the right name is not there.
  for (const options of [[], ['--connection', 'robot']]) {
    tooEarly.push(await restore('--from-table', early, ...options));
  }
  fromTable = await restoreTable(dynamoDb, sandbox().tables.Connections ?? '');
});
afterAll(() => dynamoDb.destroy());

const restore = (...options: readonly string[]) => procore(['restore', ...inSandbox, ...options]);

describe('restore', () => {
  it('is the drill of the document: dry, then for good, then again, and every connection is reported', async () => {
    await loseConnection(dynamoDb, sandbox().tables.Connections ?? '', 'robot');
    const dry = await restore('--from-table', fromTable, '--dry-run');
    expect(dry.out).toMatch(/to_be_fetched +robot/);
    expect(dry.out).toContain('Nothing was changed.');
    expect((await procore(['connections', 'show', 'robot', ...inSandbox])).exitCode).toBe(3);

    const { exitCode, json } = await restore('--from-table', fromTable, '--json');
    expect(exitCode).toBe(0);
    expect(Object(json()).connections).toEqual(
      expect.arrayContaining([
        { connectionId: 'robot', became: 'fetched' },
        { connectionId: 'other-robot', became: 'lives' },
      ]),
    );
    expect((await procore(['connections', 'list', ...inSandbox])).out).toMatch(/connected .* robot /);
    const again = await restore('--from-table', fromTable, '--json');
    expect(Object(again.json()).connections.map(({ became }: { became: string }) => became)).not.toContain('fetched');
  });

  it('says that the table must be restored first, all of it or one connection', () => {
    expect(tooEarly).toHaveLength(2);
    for (const { exitCode, err } of tooEarly) {
      expect(err).toMatch(/^There is no table ".+" that can be read: restore the backup first, under that name/);
      expect(exitCode).toBe(3);
    }
  });

  it('takes a part of the table', async () => {
    const one = await restore('--from-table', fromTable, '--connection', 'other-robot', '--json');
    expect(Object(one.json()).connections).toEqual([{ connectionId: 'other-robot', became: 'lives' }]);
    const none = await restore('--from-table', fromTable, '--company', '4711');
    expect(none.out).toContain('has no such connection');
  });

  it.each([
    [[], 2, '--from-table is missing'],
    [['--from-table', 'another-table'], 2, 'fromTable must be'],
    [['--send-refresh-token'], 2, 'needs --connection'],
    [['--send-refresh-token', '--connection', 'other-robot', '--yes'], 3, 'no restored refresh token'],
    [['--send-refresh-token', '--connection', 'nobody', '--yes'], 3, 'There is no connection'],
  ] as const)('says what is wrong with %j', async (options, code, text) => {
    const { exitCode, err } = await restore(...options);
    expect(err).toContain(text);
    expect(exitCode).toBe(code);
  });

  it('sends no refresh token when the person says no', async () => {
    const person = { isInteractive: true, confirm: async () => false };
    const options = ['restore', '--send-refresh-token', '--connection', 'other-robot', ...inSandbox];
    expect((await procore(options, { person })).out).toContain('Nothing was sent.');
  });
});
