import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { Kept } from '../kept.ts';
import type { ListUnknowns } from './list-unknowns.ts';
import type { sampleUnknowns, Unknowns } from './unknowns.ts';

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
  /**
   * What is drawn: all that documents leave open, or everything but what their samples show: of limits, of lists and of
   * what else {@link sampleUnknowns} names. @default 'all-but-samples', for whoever is about something else
   */
  readonly draws?: 'all' | 'all-but-samples';
  /** Answers to unknowns that a test wants; the others are drawn. */
  readonly unknowns?: Partial<Unknowns>;
  /** The same for every list. */
  readonly lists?: Partial<ListUnknowns>;
  /** Epoch milliseconds. @default the machine's clock */
  readonly now?: () => number;
  /** How long a destination may take. @default 5000, Procore's own */
  readonly deliveryTimeoutMs?: number;
  /** What an earlier run has left, and where this one keeps what becomes of its data. @default nothing is kept */
  readonly kept?: Kept;
  /** Gets a line per request: method, path and status, without query, headers or body. */
  readonly log?: (line: string) => void;
}
