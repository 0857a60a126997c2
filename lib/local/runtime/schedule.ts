import { randomUUID } from 'node:crypto';
import { account, region } from '../aws/identity.ts';
import { invokeWithoutWaiting } from './asynchronous.ts';
import type { InvokeResult } from './invocation.ts';

const unitMs: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A rule's schedule and its target. */
export interface Schedule {
  /** `rate(N minutes)`, or hours or days; the unit is singular when N is 1, as EventBridge has it. */
  expression: string;
  /** The rule's ARN; the event names it. */
  ruleArn: string;
  invoke(event: unknown): Promise<InvokeResult>;
  /** Calls `run` each time this many milliseconds have passed. Default is an interval that keeps no process alive. */
  every?(milliseconds: number, run: () => void): { stop(): void };
}

/**
 * Invokes the target of a rule, the first time after one interval. A time that comes while the target still runs is
 * left out: the design's rules have no retries, the next time is the retry. While the account has no execution free,
 * the event waits, until the next one comes: our rules give it that age.
 *
 * @throws Error naming an expression that is no rate
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function startSchedule({ expression, ruleArn, invoke, every = interval }: Schedule): { stop(): void } {
  const intervalMs = toMs(expression);
  let running = false;
  const run = async () => {
    if (running) return;
    running = true;
    try {
      await invokeWithoutWaiting(() => invoke(scheduledEvent(ruleArn, new Date())), intervalMs / 1000);
    } catch {
      // Only a stopped runtime rejects, and one without room; a function's own error is a result, and in its log.
    } finally {
      running = false;
    }
  };
  return every(intervalMs, () => void run());
}

function toMs(expression: string): number {
  const [, count, unit, plural] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  if (count === undefined || unit === undefined || (count === '1') !== (plural === '')) {
    throw new Error(
      `The schedule ${expression} is not supported locally. Use rate(1 minute), rate(N minutes), or hours or days.`,
    );
  }
  return Number(count) * (unitMs[unit] ?? 0);
}

function interval(milliseconds: number, run: () => void): { stop(): void } {
  const timer = setInterval(run, milliseconds).unref();
  return { stop: () => clearInterval(timer) };
}

function scheduledEvent(ruleArn: string, now: Date): unknown {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    time: `${now.toISOString().slice(0, 19)}Z`,
    region,
    resources: [ruleArn],
    detail: {},
  };
}
