import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { Unknowns } from './unknowns.ts';

/** How a stand-in Procore is set up. */
export interface ProcoreStandInOptions {
  readonly environment: ProcoreEnvironmentName;
  /** Ports on loopback; 0 takes a free one. */
  readonly loginPort: number;
  readonly apiPort: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  /** Decides all draws. @default a new one, which {@link ProcoreStandIn.seed} tells */
  readonly seed?: string;
  /** Answers to unknowns that a test wants; the others are drawn. */
  readonly unknowns?: Partial<Unknowns>;
  /** Epoch milliseconds. @default the machine's clock */
  readonly now?: () => number;
  /** How long a destination may take. @default 5000, Procore's own */
  readonly deliveryTimeoutMs?: number;
  /** Gets a line per request: method, path and status, without query, headers or body. */
  readonly log?: (line: string) => void;
}
