import { accessTokenSource, type VendedToken } from '../../functions/procore/access-token-source.ts';
import { type ProcoreClientProps, procoreClient } from '../../functions/procore/client.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { systemSleep } from '../../functions/system.ts';
import type { ProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import { callToken, connect } from '../procore-stand-in/setup.ts';
import { recordingObserver } from './client-world.ts';

/**
 * Connects an account at a stand-in Procore and gives a client for it. Vending is short-circuited: a reported 401
 * redeems the refresh token, as `access-token` would have it done.
 */
export async function standInClient(
  procore: ProcoreStandIn,
  otherwise: Partial<ProcoreClientProps<'sandbox'>> = {},
  grant: 'person' | 'service-account' = 'person',
) {
  const clock = otherwise.clock ?? (() => procore.control.now() / 1000);
  const recorded = recordingObserver();
  const service = async () => {
    const { body } = await callToken(procore, { grant_type: 'client_credentials' });
    return { accessToken: body.access_token ?? '', refreshToken: '' };
  };
  let pair = grant === 'person' ? await connect(procore) : await service();
  let generation = 1;
  const tokens = accessTokenSource({
    environment: 'sandbox' as ProcoreEnvironmentName & 'sandbox',
    connectionId: 'acme',
    clock,
    async vend({ rejectedGeneration }): Promise<VendedToken> {
      if (rejectedGeneration === generation) {
        const { body } = await callToken(procore, { grant_type: 'refresh_token', refresh_token: pair.refreshToken });
        if (body.access_token !== undefined) {
          pair = { accessToken: body.access_token, refreshToken: body.refresh_token ?? '' };
          generation += 1;
        }
      }
      return {
        accessToken: pair.accessToken,
        expiresAt: clock() + 5400,
        generation,
        environment: 'sandbox',
        apiHost: procore.apiOrigin,
        companyIds: [],
      };
    },
  });
  const client = procoreClient({
    environment: 'sandbox',
    tokens,
    origins: { apiOrigin: procore.apiOrigin },
    fetch,
    clock,
    sleep: systemSleep,
    randomFraction: () => 0,
    remaining: () => 20_000,
    observer: recorded.observer,
    ...otherwise,
  });
  return { client, tokens, ...recorded };
}
