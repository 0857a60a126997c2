import type { QuarantineMessage } from '../../functions/webhook/quarantine.ts';
import type { InHand, SetAsideMessages } from './set-aside.ts';

/** A delivery that an operator has received from the quarantine. */
export interface QuarantinedDelivery extends QuarantineMessage, InHand {}

/** The quarantine as an operator uses it. */
export type QuarantineReader = SetAsideMessages<QuarantinedDelivery>;
