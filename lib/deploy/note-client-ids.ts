import type { ClientIdStore } from '../../functions/oauth/client-id.ts';
import { noteClientId } from '../../functions/oauth/client-id.ts';
import { parseOAuthClientSecret } from '../../functions/oauth/client-secret.ts';
import { silentObserver } from '../../functions/observer.ts';
import { type ProcoreEnvironmentName, procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { outputName, type StackOutputs } from '../stack-outputs.ts';

/** What {@link noteClientIds} asks AWS. */
export interface ClientIdPlaces {
  readSecret(arn: string): Promise<string | undefined>;
  store(environment: ProcoreEnvironmentName, table: string): ClientIdStore;
}

/**
 * Writes each environment's client id where the worker reads it, if it does not stand there yet, before its new version is deployed: the release before
 * read it from the secret, which the worker's role may not do any more. Whoever may not do this may deploy all the same:
 * the audit writes it within the hour, and until then no event is marked as a loop.
 *
 * @param outputs of the stack that is deployed; of one that is not there yet nothing is written
 * @returns the environments of which it could not be written
 */
export async function noteClientIds(
  outputs: StackOutputs,
  { readSecret, store }: ClientIdPlaces,
): Promise<readonly ProcoreEnvironmentName[]> {
  const failed: ProcoreEnvironmentName[] = [];
  for (const environment of procoreEnvironmentNames) {
    const [secret, table] = (['SecretOauthClient', 'TableRateBudget'] as const).map(
      (output) => outputs[outputName(environment, output)],
    );
    if (secret === undefined || table === undefined) continue;
    const clientIds = store(environment, table);
    // Where there is one, `credentials set` and the audit keep it right, and the secret need not be read here.
    const known = await clientIds.read().catch(() => undefined);
    if (known !== undefined) continue;
    const noted = await noteClientId({
      oauthClient: { read: async () => parseOAuthClientSecret(await readSecret(secret), environment) },
      clientIds,
      observer: silentObserver,
    });
    if (noted === 'failed') failed.push(environment);
  }
  return failed;
}
