import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { beforeAll, describe, expect, test } from 'vitest';
import { secretArn } from '../../../lib/local/aws/identity.ts';
import { useFront } from './front.ts';

const local = useFront();
let client: SecretsManagerClient;
beforeAll(() => {
  client = local.secrets();
});

const create = (Name: string, SecretString = 'one') => client.send(new CreateSecretCommand({ Name, SecretString }));
const put = (SecretId: string, SecretString: string, more: object = {}) =>
  client.send(new PutSecretValueCommand({ SecretId, SecretString, ...more }));
const read = async (SecretId: string, more: object = {}) =>
  (await client.send(new GetSecretValueCommand({ SecretId, ...more }))).SecretString;
const notFound = { name: 'ResourceNotFoundException' };

describe('a secret', () => {
  test('is read by name, by ARN and by the ARN without its last characters', async () => {
    const { ARN } = await create('read/it');
    expect(ARN).toBe(secretArn('read/it'));
    for (const id of ['read/it', ARN ?? '', ARN?.slice(0, -7) ?? '']) expect(await read(id)).toBe('one');
  });

  test('that does not exist, or not with that ARN, is not found', async () => {
    await create('other');
    await expect(read('nobody')).rejects.toMatchObject(notFound);
    await expect(read(secretArn('nobody'))).rejects.toMatchObject(notFound);
    await expect(read(`${secretArn('other').slice(0, -6)}AAAAAA`)).rejects.toMatchObject(notFound);
  });

  test('cannot be created with a name that AWS refuses: over 512 characters, or with others than letters and a few signs', async () => {
    for (const name of ['n'.repeat(513), 'with blanks', 'ümlaut']) {
      await expect(create(name)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    }
    await expect(create('n'.repeat(512))).resolves.toBeDefined();
  });

  test('cannot be created twice, but the same request may come again', async () => {
    const ClientRequestToken = crypto.randomUUID();
    const same = () => client.send(new CreateSecretCommand({ Name: 'twice', SecretString: 'one', ClientRequestToken }));
    expect((await same()).VersionId).toBe((await same()).VersionId);
    await expect(create('twice')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('may be binary', async () => {
    const SecretBinary = Uint8Array.of(0, 255);
    await client.send(new CreateSecretCommand({ Name: 'binary', SecretBinary }));
    const { SecretBinary: stored } = await client.send(new GetSecretValueCommand({ SecretId: 'binary' }));
    expect(stored).toEqual(SecretBinary);
  });

  test('of more than 65,536 bytes is refused', async () => {
    await expect(create('big', 'x'.repeat(65_537))).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('is described and listed without its value', async () => {
    const { VersionId = '' } = await create('described', 'secret-text');
    await client.send(new UpdateSecretCommand({ SecretId: 'described', Description: 'For people' }));
    const described = await client.send(new DescribeSecretCommand({ SecretId: 'described' }));
    expect(described).toMatchObject({ Description: 'For people', VersionIdsToStages: { [VersionId]: ['AWSCURRENT'] } });
    expect(described.CreatedDate).toBeInstanceOf(Date);
    const listed = await client.send(new ListSecretsCommand({}));
    expect(listed.SecretList?.map(({ Name }) => Name)).toContain('described');
    expect(JSON.stringify([described, listed])).not.toContain('secret-text');
  });
});

describe('staging labels', () => {
  test('move on with every value: current, previous, none', async () => {
    const { VersionId: first } = await create('labels', 'one');
    await put('labels', 'two');
    await client.send(new UpdateSecretCommand({ SecretId: 'labels', SecretString: 'three' }));
    expect(await read('labels')).toBe('three');
    expect(await read('labels', { VersionStage: 'AWSPREVIOUS' })).toBe('two');
    expect(await read('labels', { VersionId: first })).toBe('one');
    const { Versions } = await client.send(new ListSecretVersionIdsCommand({ SecretId: 'labels' }));
    expect(Versions?.map(({ VersionStages }) => VersionStages)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT']]);
  });

  test("of one's own leave the current value alone", async () => {
    await create('pending', 'one');
    await put('pending', 'two', { VersionStages: ['AWSPENDING'] });
    expect(await read('pending')).toBe('one');
    expect(await read('pending', { VersionStage: 'AWSPENDING' })).toBe('two');
    await expect(read('pending', { VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject(notFound);
  });

  test('move on request, and only from the version that has them', async () => {
    const { VersionId: first } = await create('moved', 'one');
    const { VersionId: second } = await put('moved', 'two', { VersionStages: ['AWSPENDING'] });
    const move = (RemoveFromVersionId?: string) =>
      client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: 'moved',
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: second,
          ...(RemoveFromVersionId && { RemoveFromVersionId }),
        }),
      );
    await expect(move()).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await move(first);
    expect([await read('moved'), await read('moved', { VersionStage: 'AWSPREVIOUS' })]).toEqual(['two', 'one']);
  });

  test('stay when the same value is put again, and another value under its token is refused', async () => {
    await create('again');
    const ClientRequestToken = crypto.randomUUID();
    await put('again', 'two', { ClientRequestToken });
    await put('again', 'two', { ClientRequestToken });
    expect(await read('again', { VersionStage: 'AWSPREVIOUS' })).toBe('one');
    await expect(put('again', 'three', { ClientRequestToken })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });
});

describe('deletion', () => {
  test('hides the value until the secret is restored', async () => {
    await create('deleted');
    await client.send(new DeleteSecretCommand({ SecretId: 'deleted', RecoveryWindowInDays: 7 }));
    await expect(read('deleted')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await client.send(new RestoreSecretCommand({ SecretId: 'deleted' }));
    expect(await read('deleted')).toBe('one');
  });

  test('without recovery frees the name', async () => {
    await create('gone');
    await client.send(new DeleteSecretCommand({ SecretId: 'gone', ForceDeleteWithoutRecovery: true }));
    await expect(read('gone')).rejects.toMatchObject(notFound);
    await create('gone', 'new');
    expect(await read('gone')).toBe('new');
  });
});

test('a parameter that the stand-in would ignore is refused', async () => {
  const filtered = new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['x'] }] });
  await expect(client.send(filtered)).rejects.toThrow(/Filters/);
});
