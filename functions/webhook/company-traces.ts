import type { Exchange } from '../procore/exchange.ts';
import { readEventMessage } from './event-message.ts';
import type { QuarantineMessage } from './quarantine.ts';

/** What was deleted of a page of a table. */
export interface TracePage {
  readonly deleted: number;
  /** How many items were gone through. */
  readonly read: number;
  /** Where the next page begins; absent on the last one. */
  readonly cursor?: string;
}

/** Finds and deletes what the tables hold of a company, besides its subscription. Doing it again does no harm. */
export interface CompanyTraces {
  /** Deletes its events of a page of the ledger, and what is kept of their resources and keys. */
  ledgerPage(companyId: string, cursor?: string): Promise<TracePage>;
  /** Deletes its failed calls of Procore of a page. */
  exchangePage(companyId: string, cursor?: string): Promise<TracePage>;
  /** Deletes its pause and its share of the rate budget. */
  budget(companyId: string): Promise<void>;
  /** Deletes its jobs and the ids of records that they know. @param sparedId the job that stays @returns how many */
  jobs(companyId: string, sparedId: string): Promise<number>;
}

/** Tells whether a failed call of Procore was about a company: by its header, its path or its query. */
export function isExchangeOf({ requestHeaders, url }: Exchange, companyId: string): boolean {
  const { pathname, searchParams } = new URL(url);
  return (
    requestHeaders['procore-company-id'] === companyId ||
    searchParams.get('company_id') === companyId ||
    `${pathname}/`.includes(`/companies/${companyId}/`)
  );
}

/** Whose a message is; `unknown` when nobody can tell. */
export type Whose = 'erased' | 'other' | 'unknown';

/** Tells whose a dead letter is. */
export function whoseLetter(body: string, companyId: string): Whose {
  const content = readEventMessage(body);
  if (content === undefined) return 'unknown';
  return content.kind === 'webhook_event' && content.event.companyId === companyId ? 'erased' : 'other';
}

/** Tells whose a delivery in quarantine is, which could not be read as an event: by every company that its text names. */
export function whoseDelivery(body: string, companyId: string): Whose {
  const { bodyBase64 = '' } = JSON.parse(body) as Partial<QuarantineMessage>;
  const text = Buffer.from(bodyBase64, 'base64').toString();
  const named = [...text.matchAll(/"company_?id"\s*:\s*"?([\w-]+)/gi)].map(([, id]) => id);
  if (named.length === 0) return 'unknown';
  return named.includes(companyId) ? 'erased' : 'other';
}
