import { AwsRefusal } from './answer.ts';
import { secretArn } from './identity.ts';

/** A version of a secret; times are epoch seconds, as on the wire. */
export interface SecretVersion {
  readonly id: string;
  readonly value: object;
  readonly createdAt: number;
  readonly stages: Set<string>;
}

/** A secret; times are epoch seconds, as on the wire. */
export interface Secret {
  readonly name: string;
  readonly createdAt: number;
  readonly versions: Map<string, SecretVersion>;
  changedAt: number;
  description?: string | undefined;
  deletedAt?: number | undefined;
}

/** The description of a secret that every start is given anew, from a file of the integrator's: it need not be kept. */
export const givenAtEachStart = 'Given at each start';

/** The staging label of the version that a secret has now. */
export const current = 'AWSCURRENT';
const previous = 'AWSPREVIOUS';

/** The secrets of the local Secrets Manager, in memory, with staging labels as AWS moves them. */
export class SecretStore {
  readonly secrets = new Map<string, Secret>();
  readonly clock: () => number;

  /** @param clock gives epoch seconds */
  constructor(clock: () => number) {
    this.clock = clock;
  }

  /** Finds a secret by its name or ARN. @throws AwsRefusal as AWS does when there is none */
  find(id: string): Secret {
    const name = id.startsWith('arn:') ? id.replace(/^.*:secret:/, '') : id;
    // AWS takes the ARN with or without the six characters that it appended to the name.
    const secret = this.secrets.get(name) ?? this.secrets.get(name.replace(/-[^-]{6}$/, ''));
    if (secret && (name === id ? secret.name === id : secretArn(secret.name).startsWith(id))) return secret;
    throw new AwsRefusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }

  /** Finds a secret that is not marked for deletion. @throws AwsRefusal as AWS does */
  findLive(id: string): Secret {
    const secret = this.find(id);
    if (secret.deletedAt === undefined) return secret;
    const message = "You can't perform this operation on the secret because it was marked for deletion.";
    throw new AwsRefusal('InvalidRequestException', message);
  }

  /**
   * Stores a value as a version of a secret. Of a version that is there with the same value AWS ignores the request:
   * its labels stay where they are.
   *
   * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
   * @throws AwsRefusal as AWS does when the version exists with another value
   */
  put(secret: Secret, id: string, value: object, stages: readonly string[]): SecretVersion {
    const existing = secret.versions.get(id);
    if (existing && !isSameValue(existing.value, value)) {
      const message = "You can't modify an existing version, you can only create a new version.";
      throw new AwsRefusal('ResourceExistsException', message);
    }
    if (existing) return existing;
    const version = { id, value, createdAt: this.clock(), stages: new Set<string>() };
    secret.versions.set(id, version);
    secret.changedAt = this.clock();
    for (const stage of stages) label(secret, version, stage);
    return version;
  }
}

/** Gives a version a label, which the version that had it loses. The one that loses AWSCURRENT becomes AWSPREVIOUS. */
export function label(secret: Secret, version: SecretVersion, stage: string): void {
  const holder = holderOf(secret, stage);
  if (holder === version) return;
  holder?.stages.delete(stage);
  version.stages.add(stage);
  if (stage !== current || !holder) return;
  for (const each of secret.versions.values()) each.stages.delete(previous);
  holder.stages.add(previous);
}

/** Finds the version that has a label. */
export function holderOf({ versions }: Secret, stage: string): SecretVersion | undefined {
  return [...versions.values()].find(({ stages }) => stages.has(stage));
}

/** Tells whether two values of secrets are the same. */
export function isSameValue(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
