import { z } from 'zod';
import { type Kept, keptNowhere } from '../../kept.ts';
import { restoreSecrets, secretKeeper } from '../state/kept-secrets.ts';
import { AwsRefusal } from './answer.ts';
import { secretArn } from './identity.ts';
import { current, holderOf, isSameValue, label, type Secret, SecretStore, type SecretVersion } from './secret-store.ts';

/** The stand-in for Secrets Manager: takes an operation and its parameters, returns what the service answers. */
export type SecretsManager = (operation: string, parameters: unknown) => unknown;

const maximumBytes = 65_536;

const text = z.string();
const some = text.optional();
const ofSecret = { SecretId: text.min(1) };
const newValue = { ClientRequestToken: text.min(32).max(64), SecretString: some, SecretBinary: some };

type Operation = (store: SecretStore, parameters: unknown) => unknown;

/** An operation whose parameters are checked strictly: what the stand-in would ignore is refused instead. */
function operation<Shape extends z.ZodRawShape>(
  shape: Shape,
  run: (store: SecretStore, parameters: z.infer<z.ZodObject<Shape, z.core.$strict>>) => unknown,
): Operation {
  const schema = z.strictObject(shape);
  return (store, parameters) => {
    const parsed = schema.safeParse(parameters);
    if (parsed.success) return run(store, parsed.data);
    throw new AwsRefusal('InvalidParameterException', z.prettifyError(parsed.error));
  };
}

const create = operation(
  { Name: text.max(512).regex(/^[\w/+=.@-]+$/), Description: some, ...newValue },
  (store, request) => {
    const { Name: name, ClientRequestToken: token, Description: description } = request;
    const value = readValue(request);
    const existing = store.secrets.get(name);
    const again = existing?.versions.get(token);
    // The SDK may send a request again whose answer it did not get.
    if (existing && !(again && value && isSameValue(again.value, value))) {
      const message = `The operation failed because the secret ${name} already exists.`;
      throw new AwsRefusal('ResourceExistsException', message);
    }
    const now = store.clock();
    const secret = existing ?? { name, description, createdAt: now, changedAt: now, versions: new Map() };
    store.secrets.set(name, secret);
    return { ...identity(secret), ...(value && { VersionId: store.put(secret, token, value, [current]).id }) };
  },
);

const getValue = operation({ ...ofSecret, VersionId: some, VersionStage: some }, (store, request) => {
  const secret = store.findLive(request.SecretId);
  const stage = request.VersionStage ?? (request.VersionId === undefined ? current : undefined);
  const version = [...secret.versions.values()].find(
    ({ id, stages }) => (request.VersionId ?? id) === id && (stage === undefined || stages.has(stage)),
  );
  if (version) return { ...identity(secret), ...version.value, ...describeVersion(version) };
  const which = request.VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${request.VersionId}`;
  const message = `Secrets Manager can't find the specified secret value for ${which}`;
  throw new AwsRefusal('ResourceNotFoundException', message);
});

const putValue = operation({ ...ofSecret, ...newValue, VersionStages: z.array(text).optional() }, (store, request) => {
  const secret = store.findLive(request.SecretId);
  const value = readValue(request);
  if (!value) throw new AwsRefusal('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
  // A secret's first version is its current one, whatever the caller asks for.
  const stages = secret.versions.size === 0 ? [current] : (request.VersionStages ?? [current]);
  const version = store.put(secret, request.ClientRequestToken, value, stages);
  return { ...identity(secret), VersionId: version.id, VersionStages: [...version.stages] };
});

const update = operation({ ...ofSecret, ...newValue, Description: some }, (store, request) => {
  const secret = store.findLive(request.SecretId);
  const value = readValue(request);
  secret.description = request.Description ?? secret.description;
  secret.changedAt = store.clock();
  return {
    ...identity(secret),
    ...(value && { VersionId: store.put(secret, request.ClientRequestToken, value, [current]).id }),
  };
});

const list = operation(
  { MaxResults: z.number().optional(), IncludePlannedDeletion: z.boolean().optional() },
  (store, request) => {
    const all = request.IncludePlannedDeletion === true;
    const listed = [...store.secrets.values()].filter((secret) => all || secret.deletedAt === undefined);
    if (listed.length > (request.MaxResults ?? 100)) {
      throw new AwsRefusal(
        'UnsupportedOperation',
        'The local Secrets Manager lists on one page: ask for more results.',
      );
    }
    return {
      SecretList: listed.map((secret) => ({ ...describe(secret), SecretVersionsToStages: stagesOf(secret) })),
    };
  },
);

const deletion = {
  ForceDeleteWithoutRecovery: z.boolean().optional(),
  RecoveryWindowInDays: z.number().min(7).max(30).optional(),
};
const remove = operation({ ...ofSecret, ...deletion }, (store, request) => {
  const { ForceDeleteWithoutRecovery: force, RecoveryWindowInDays: days } = request;
  if (force && days !== undefined) {
    const message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
    throw new AwsRefusal('InvalidParameterException', message);
  }
  const secret = store.find(request.SecretId);
  secret.deletedAt = store.clock() + (force ? 0 : (days ?? 30) * 86_400);
  if (force) store.secrets.delete(secret.name);
  return { ...identity(secret), DeletionDate: secret.deletedAt };
});

const move = { VersionStage: text, MoveToVersionId: some, RemoveFromVersionId: some };
const moveStage = operation({ ...ofSecret, ...move }, (store, request) => {
  const { VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from } = request;
  const secret = store.findLive(request.SecretId);
  const holder = holderOf(secret, stage);
  const target = to === undefined ? undefined : secret.versions.get(to);
  if (to !== undefined && !target) {
    throw new AwsRefusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret version.");
  }
  if (holder !== target && holder?.id !== from) {
    const message = `RemoveFromVersionId must be the version that has the staging label ${stage}.`;
    throw new AwsRefusal('InvalidParameterException', message);
  }
  if (!target && stage === current) {
    throw new AwsRefusal('InvalidParameterException', 'The staging label AWSCURRENT can only be moved.');
  }
  if (target) label(secret, target, stage);
  else holder?.stages.delete(stage);
  return identity(secret);
});

const describeSecret = operation(ofSecret, (store, { SecretId }) => {
  const secret = store.find(SecretId);
  return { ...describe(secret), VersionIdsToStages: stagesOf(secret) };
});

const restore = operation(ofSecret, (store, { SecretId }) => {
  const secret = store.find(SecretId);
  secret.deletedAt = undefined;
  return identity(secret);
});

const listVersions = operation({ ...ofSecret, IncludeDeprecated: z.boolean().optional() }, (store, request) => {
  const secret = store.find(request.SecretId);
  const versions = [...secret.versions.values()].filter(({ stages }) => request.IncludeDeprecated || stages.size > 0);
  return { ...identity(secret), Versions: versions.map(describeVersion) };
});

const operations: Readonly<Record<string, Operation>> = {
  CreateSecret: create,
  GetSecretValue: getValue,
  PutSecretValue: putValue,
  UpdateSecret: update,
  DescribeSecret: describeSecret,
  ListSecrets: list,
  DeleteSecret: remove,
  RestoreSecret: restore,
  UpdateSecretVersionStage: moveStage,
  ListSecretVersionIds: listVersions,
};

/**
 * Makes a Secrets Manager that lives in memory: ten operations, with staging labels as AWS moves them.
 *
 * @param clock gives epoch seconds
 * @param kept what it begins with, and where it puts every change. @default nothing, nowhere
 * @returns a function that throws AwsRefusal for what AWS refuses, and for operations and parameters it does not know
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/
 */
export function createSecretsManager(clock: () => number, kept: Kept = keptNowhere): SecretsManager {
  const store = new SecretStore(clock);
  restoreSecrets(store, kept);
  const keep = secretKeeper(store, kept);
  keep();
  return (name, parameters) => {
    const run = operations[name];
    if (!run) throw new AwsRefusal('UnsupportedOperation', `The local Secrets Manager does not know ${name}.`);
    const answer = run(store, parameters);
    keep();
    return answer;
  };
}

function readValue({
  SecretString,
  SecretBinary,
}: {
  SecretString?: string | undefined;
  SecretBinary?: string | undefined;
}) {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw new AwsRefusal('InvalidRequestException', "You can't specify both a binary and a string secret value.");
  }
  const bytes = SecretString === undefined ? Buffer.from(SecretBinary ?? '', 'base64') : Buffer.from(SecretString);
  if (bytes.length > maximumBytes) {
    throw new AwsRefusal('ValidationException', `Secret values hold at most ${maximumBytes} bytes.`);
  }
  if (SecretString !== undefined) return { SecretString };
  return SecretBinary === undefined ? undefined : { SecretBinary };
}

function identity({ name }: Secret) {
  return { ARN: secretArn(name), Name: name };
}

function describe(secret: Secret) {
  const { description, createdAt, changedAt, deletedAt } = secret;
  const dates = { CreatedDate: createdAt, LastChangedDate: changedAt, DeletedDate: deletedAt };
  return { ...identity(secret), Description: description, ...dates };
}

function describeVersion({ id, stages, createdAt }: SecretVersion) {
  return { VersionId: id, VersionStages: stages.size > 0 ? [...stages] : undefined, CreatedDate: createdAt };
}

function stagesOf({ versions }: Secret) {
  const labelled = [...versions.values()].filter(({ stages }) => stages.size > 0);
  return Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]]));
}
