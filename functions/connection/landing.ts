import { ConnectorError } from '../connector-error.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { RotationDependencies } from './dependencies.ts';
import type { EscrowedTokenSet } from './escrow.ts';
import { surrenderTokens } from './revocation.ts';
import { storePauseMs } from './timing.ts';
import { replace } from './transitions.ts';

/**
 * With less time left, in milliseconds, a token set is put into escrow. It is enough for one more try of the store and
 * one of the escrow.
 */
const escrowReserveMs = 9000;

/**
 * With less time left, in milliseconds, store and escrow are tried at the same time. A call that fails takes up to 4 s, so
 * there may be no time to try one after the other.
 */
const bothReserveMs = 8500;

/** The process is about to end, and neither the store nor the escrow took the token set that it holds. */
export class TokenSetLostError extends ConnectorError {
  override readonly name = 'TokenSetLostError';
  readonly code = 'token_set_lost';
  constructor(connectionId: string, options: ErrorOptions) {
    super(
      `Neither DynamoDB nor the escrow queue took the new tokens of connection "${connectionId}" in time. If Procore ` +
        'refuses the old refresh token from now on, the customer has to connect again. Nothing else can be done.',
      options,
    );
  }
}

/** Where a token set is now. */
export type Landing =
  /** It is stored. */
  | { readonly outcome: 'rotated'; readonly connection: Connection }
  /** It is in escrow. `connection` is what will be stored. */
  | { readonly outcome: 'escrowed'; readonly connection: Connection }
  /**
   * Another token set has replaced its generation. `connection` is what is stored; undefined when that is not known.
   */
  | { readonly outcome: 'too_late'; readonly connection: Connection | undefined };

/**
 * Makes a token set durable before anyone uses it. It is written to the store, again and again for as long as this
 * invocation lasts; shortly before the end it is put into escrow. It is lost only if the process dies between
 * Procore's answer and the first of these writes.
 *
 * A token set that comes too late is given up for revocation with the same patience. If it were forgotten, it would
 * stay alive at Procore.
 *
 * @param replaced the connection as it was when its refresh token was spent
 * @returns where the token set is now
 * @throws TokenSetLostError when store and escrow refuse to the end
 */
export async function landTokens(
  dependencies: RotationDependencies,
  replaced: Connection,
  tokens: TokenSet,
): Promise<Landing> {
  const write = replace(replaced, tokens, { now: dependencies.clock(), fraction: dependencies.randomFraction() });
  const landed = afterWrite(replaced, write);
  const { connectionId, generation, rotateAt } = landed;
  const { environment, authorizedBy } = replaced;
  const escrowed = { environment, connectionId, generation: replaced.generation, tokens, authorizedBy };
  let isTooLate = false;
  for (let tries = 1; ; tries += 1) {
    let refusal: unknown;
    // When the store takes it, a copy in escrow does no harm: its recovery finds the set stored.
    let deposit = dependencies.remaining() < bothReserveMs ? depositSafely(dependencies, escrowed) : undefined;
    try {
      if (!isTooLate && (await dependencies.store.write(write)) === 'refused') {
        const stored = await dependencies.store.read(connectionId);
        // The SDK may have repeated a write that took effect. The access token shows whether the stored set is this
        // one.
        isTooLate = stored?.tokens?.accessToken !== tokens.accessToken;
      }
      if (isTooLate) {
        return {
          outcome: 'too_late',
          connection: await surrenderTokens(dependencies, { connectionId, tokens, authorizedBy }),
        };
      }
      dependencies.observer.note('rotation.replaced', { connectionId, generation, rotateAt });
      dependencies.observer.count('rotationReplaced');
      await deposit;
      return { outcome: 'rotated', connection: landed };
    } catch (error) {
      refusal = error;
    }
    if (dependencies.remaining() < escrowReserveMs) deposit ??= depositSafely(dependencies, escrowed);
    const kept = await deposit;
    if (kept?.outcome === 'kept') {
      dependencies.observer.note('rotation.escrowed', { connectionId, generation });
      dependencies.observer.count('rotationEscrowed');
      // Nobody may use a token set that came too late. When it comes out of escrow, it is given up for revocation.
      return isTooLate ? { outcome: 'too_late', connection: undefined } : { outcome: 'escrowed', connection: landed };
    }
    if (kept) refusal = kept.fault;
    if (dependencies.remaining() < 500) throw new TokenSetLostError(connectionId, { cause: refusal });
    await dependencies.sleep(storePauseMs(tries, dependencies.randomFraction()));
  }
}

type Deposit = { readonly outcome: 'kept' } | { readonly outcome: 'refused'; readonly fault: unknown };

/** Puts a token set into escrow. A fault is a value, because nobody may be waiting for it any more. */
async function depositSafely({ escrow }: RotationDependencies, escrowed: EscrowedTokenSet): Promise<Deposit> {
  try {
    await escrow.deposit(escrowed);
    return { outcome: 'kept' };
  } catch (fault) {
    return { outcome: 'refused', fault };
  }
}
