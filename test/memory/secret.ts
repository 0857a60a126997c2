import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../functions/clock.ts';
import type {
  WebhookAuthorization,
  WebhookAuthorizationKeeper,
} from '../../functions/webhook/webhook-authorization.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** A value in a secret of this process. */
export interface MemorySecret<Value> {
  /** What is stored: tests may put something else there at any time. */
  value: Value;
  /** How often it was read. */
  readonly reads: number;
  /**
   * Makes a source with a memory of its own, as every process has one: it goes on giving what it has read, until it is
   * five minutes old or somebody asks for it `fresh`. While the secret cannot be read it gives the last value.
   */
  source(faults?: PortFaults): { read(options?: { readonly fresh?: boolean }): Promise<Value> };
}

/** How long a source gives a value without reading the secret again, in seconds. */
const maxAgeSeconds = 300;

/** Makes a secret that holds a value. */
export function memorySecret<Value>(value: Value, clock: Clock): MemorySecret<Value> {
  const secret = {
    value,
    reads: 0,
    source(faults?: PortFaults) {
      const stored = memoryPort(
        'secret',
        {
          async read() {
            secret.reads += 1;
            return structuredClone(secret.value);
          },
        },
        faults,
      );
      let remembered: { readonly value: Value; readonly until: number } | undefined;
      return {
        async read({ fresh = false }: { readonly fresh?: boolean } = {}) {
          if (remembered !== undefined && !fresh && clock() < remembered.until) return remembered.value;
          try {
            remembered = { value: await stored.read(), until: clock() + maxAgeSeconds };
          } catch (error) {
            if (remembered === undefined) throw error;
          }
          return remembered.value;
        },
      };
    },
  };
  return secret;
}

/** Writes the webhook authorization into a secret of this process. */
export function memoryAuthorizationKeeper(
  secret: MemorySecret<WebhookAuthorization>,
  faults?: PortFaults,
): WebhookAuthorizationKeeper {
  const keeper: WebhookAuthorizationKeeper = {
    async write(authorization, read) {
      const compared = ({ current, previous, rotatedAt, retireAt }: WebhookAuthorization) => {
        return [current, previous, rotatedAt, retireAt];
      };
      if (!isDeepStrictEqual(compared(secret.value), compared(read))) return 'changed';
      secret.value = structuredClone(authorization);
      return 'written';
    },
  };
  return memoryPort('webhook authorization keeper', keeper, faults);
}
