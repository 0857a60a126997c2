import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { ReauthorizationCause } from './connection.ts';

/** What an integrator is told about a connection: it comes through the event queue to `onConnectionChange`. */
export interface ConnectionChange {
  readonly connectionId: string;
  readonly environment: ProcoreEnvironmentName;
  readonly change: 'connected' | 'reauthorization_required' | 'disconnected';
  /** The token set that the change made or ended. Together with `change` it is the idempotency key. */
  readonly generation: number;
  /** Only with `reauthorization_required`. */
  readonly cause?: ReauthorizationCause;
  /** What a person does to connect again. */
  readonly reconnect: string;
  /** Epoch seconds. */
  readonly at: number;
}

/** Where changes are announced. */
export interface ConnectionChanges {
  /** Sends the change to the event queue at least once: a change may be announced again after a crash. */
  announce(change: ConnectionChange): Promise<void>;
}
