import type { Context } from 'aws-lambda';
import { sweepDueConnections } from './connection/sweep.ts';
import { observed, observer } from './middleware.ts';
import { sweepDependencies } from './wiring.ts';

const dependencies = sweepDependencies(observer);

/**
 * Started every minute by a rule, whose event says nothing: sends the connections that are due to the rotation queue
 * and answers with `{due, overdue, queued}`. It reads keys only and changes nothing.
 *
 * It fails when part of what is due could not be queued. No failure is retried: the next minute is the retry.
 */
export const handler = observed((_event: unknown, context: Context) =>
  sweepDueConnections({ ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
