import type { Actor } from '../../../functions/procore/diagnosis-row.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import type { DiagnosisId } from '../../diagnosis-rows.ts';
import type { StatusPageState } from '../status-page.ts';
import type { Heading } from './headings.ts';
import type { Installation } from './installation.ts';
import type { Narrowed } from './probes.ts';

/** What was seen of one connection. */
export interface SeenConnection {
  readonly connectionId: string;
  readonly status: 'connected' | 'reauthorization_required' | 'disconnected';
  readonly cause?: string;
  /** Epoch seconds; absent when there is no token. */
  readonly expiresAt?: number;
  /** Whether Procore accepted the token just now; absent when it was not asked. */
  readonly accepted?: boolean;
  /** Whether `token/info` named our own client id. */
  readonly environmentChecked: boolean;
}

/** What was seen of one hook at Procore. */
export interface SeenHook {
  readonly hookId: string;
  readonly status: string;
  readonly triggers: number;
  /** Whether it leads to our own webhook URL with the current header. */
  readonly isOurs: boolean;
  /** Deliveries that failed or were discarded of late. */
  readonly failed: number;
}

/** What a doctor has gathered about one environment; what could not be gathered is left out. */
export interface Evidence {
  readonly environment: ProcoreEnvironmentName;
  /** Epoch seconds. */
  readonly now: number;
  readonly credentials?: 'accepted' | 'refused' | 'placeholder' | 'wrong_environment' | 'malformed';
  readonly connections?: readonly SeenConnection[];
  /** Callbacks whose code Procore refused in the last day. */
  readonly refusedCodes?: number;
  /** Whether the redirect URI that functions use is the stack's own output. */
  readonly redirectUriAgrees?: boolean;
  readonly installation?: Installation;
  /** Everything that was tried and refused, narrowed by the probes, and what was held back; empty when nothing was. */
  readonly refusals?: readonly Narrowed[];
  /** Calls that Procore answered with 429 in the last hour. */
  readonly throttled?: number;
  readonly budgetHourLeftPercent?: number;
  /** How many projects the account sees; absent when no list of projects could be read. */
  readonly projects?: number;
  /** How many projects of the subscriptions were looked for among them. */
  readonly projectsCompared?: number;
  /** Paths of tools' lists that were read just now. */
  readonly listsRead?: readonly string[];
  /** What was seen of lists that are empty for a reason that could not be found out. */
  readonly unexplained?: readonly string[];
  readonly hooks?: readonly SeenHook[];
  /** How many hooks Procore refused to show. */
  readonly hooksUnseen?: number;
  /** Whether our webhook URL answers from outside with 401 to a wrong header. */
  readonly intakeAnswers?: boolean;
  readonly duplicatesDropped?: number;
  /** Calls that failed of late, by diagnosis. */
  readonly failedCalls?: Partial<Readonly<Record<DiagnosisId, number>>>;
  /** A list of which the count said more than came. */
  readonly listsComplete?: boolean;
  readonly statusPage?: StatusPageState;
  /** What was tried and went well, in words; it stands beside a heading that is in order. */
  readonly seen?: Partial<Readonly<Record<Heading, string>>>;
}

/** One line of an examination. */
export interface Finding {
  readonly heading: Heading;
  /** `follows`: a problem that another one brings about. `not_tried`: what was to be looked at could not be. */
  readonly verdict: 'ok' | 'problem' | 'follows' | 'not_tried';
  /** What was seen, or why nothing was. */
  readonly evidence: string;
  /** Only with `follows`, and with `not_tried` when another problem stood in the way: its heading. */
  readonly followsFrom?: Heading;
  /** Only with `problem` and `follows`, and with `not_tried` when our own rate budget held calls back. */
  readonly diagnosisId?: DiagnosisId;
  /** Only with `problem`, as what follows. */
  readonly cause?: string;
  readonly remedy?: string;
  /** Who has to do something. */
  readonly actor?: Actor;
}
