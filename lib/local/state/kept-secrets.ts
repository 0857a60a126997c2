import type { Kept } from '../../kept.ts';
import { givenAtEachStart, type Secret, type SecretStore, type SecretVersion } from '../aws/secret-store.ts';

const part = 'secrets';

/**
 * The secret of the OAuth client, which every start is given anew. Without it the refresh tokens in the file are of no use
 * to whoever gets hold of it.
 */
const neverKept = /OauthClient/i;

type KeptSecret = Omit<Secret, 'versions'> & {
  readonly versions: readonly (Omit<SecretVersion, 'stages'> & { readonly stages: readonly string[] })[];
};

/** Puts the secrets that are kept into an empty store. */
export function restoreSecrets({ secrets }: SecretStore, kept: Kept): void {
  for (const [name, value] of kept.entries(part)) {
    const { versions, ...secret } = value as KeptSecret;
    secrets.set(name, {
      ...secret,
      versions: new Map(versions.map((version) => [version.id, { ...version, stages: new Set(version.stages) }])),
    });
  }
}

/** Makes what keeps the secrets of a store after each change of them; what has not changed is not written again. */
export function secretKeeper({ secrets }: SecretStore, kept: Kept): () => void {
  const written = new Map<string, string>();
  return () => {
    for (const [name, secret] of secrets) {
      if (neverKept.test(name) || secret.description === givenAtEachStart) continue;
      const versions = [...secret.versions.values()].map((version) => ({ ...version, stages: [...version.stages] }));
      const value = { ...secret, versions } satisfies KeptSecret;
      const text = JSON.stringify(value);
      if (written.get(name) === text) continue;
      kept.put(part, name, value);
      written.set(name, text);
    }
    for (const name of written.keys()) {
      if (secrets.has(name)) continue;
      kept.remove(part, name);
      written.delete(name);
    }
  };
}
