import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { ReauthorizationCause } from './connection.ts';

/** What an integrator hears about a connection's life, through the event queue, at `onConnectionChange`. */
export interface ConnectionChange {
  readonly connectionId: string;
  readonly environment: ProcoreEnvironmentName;
  readonly change: 'connected' | 'reauthorization_required' | 'disconnected';
  /** The token set that the change made or ended; with `change` it is the idempotency key. */
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
  /** Sends the change to the event queue; at least once, so a change may be announced again after a crash. */
  announce(change: ConnectionChange): Promise<void>;
}
