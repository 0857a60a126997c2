import type { Context } from 'aws-lambda';
import { observed, observer } from './middleware.ts';
import { type AuditDependencies, type AuditReport, auditSubscriptions } from './webhook/audit.ts';
import { auditDependencies } from './wiring.ts';

/**
 * Started every hour by a rule, whose event says nothing: compares every company's hooks at Procore with what is wanted,
 * repairs them, moves them to the current header, and takes in deliveries that Procore gave up. Answers with counts.
 *
 * A company that cannot be audited is counted and noted, and does not keep the others from it. Without the secret or
 * the table nothing can be compared, and the invocation fails. Nothing is retried: the next hour is the retry.
 */
export async function answerAudit(dependencies: AuditDependencies): Promise<AuditReport> {
  return auditSubscriptions(dependencies);
}

const dependenciesWithin = auditDependencies(observer);

export const handler = observed((_event: unknown, context: Context) =>
  answerAudit(dependenciesWithin(() => context.getRemainingTimeInMillis())),
);
