import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { handlerNames } from '../handler-names.ts';
import { pascalCase } from '../stack-outputs.ts';
import { failureOf, readHandled } from './event-outcome.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import { parsed, showFailure, showLeftBehind } from './own-failure.ts';
import type { LogLine } from './runtime/invocation.ts';
import { functionNameOf } from './template/resources.ts';

/** A failure is in the ledger soon after the log has it. */
const patienceMs = 5000;
const lookMs = 100;
/** The line stands at the end of a try. One that began and ended longer before it was an earlier one: a pause lies between. */
const slackMs = 2000;

const failed = z.looseObject({ event: z.literal('event.failed'), eventId: z.string(), timestamp: z.string() });

/**
 * Makes what shows the log to people: each line under who wrote it, and for each failure of the integrator's own file what it
 * threw and where. The line itself does not say that, since logs hold no words of errors.
 *
 * @param say gets a line for people, or several with line ends
 * @param entryOf gives the integrator's file of an environment. @default this repository's own
 */
export function logScreen(
  system: Pick<LocalSystem, 'aws' | 'environments'>,
  say: (text: string) => void,
  entryOf: (environment: string) => string | undefined = () => undefined,
) {
  async function tellFailure(environment: LocalEnvironment, eventId: string, saidAt: number): Promise<void> {
    const ledger = readHandled(system, environment);
    try {
      for (const end = performance.now() + patienceMs; performance.now() < end; await sleep(lookMs)) {
        const known = await ledger.read(eventId);
        if (known === undefined || !('failed' in known)) continue;
        const { at, durationMs = 0 } = known.failed;
        if (at * 1000 + durationMs < saidAt - slackMs) continue;
        say(showFailure(failureOf(known.failed), eventId, system.aws, entryOf(environment.name)));
        return;
      }
    } catch {
      // The system ends. The line of the log was shown.
    } finally {
      ledger.stop();
    }
  }

  const writers = writersOf(system.environments);
  return ({ functionName, text }: LogLine): void => {
    // Metrics are for CloudWatch, not for the eye.
    if (text.startsWith('{"_aws"')) return;
    const writer = writers.get(functionName);
    say(`${writer ? `${writer.environment.name} ${writer.handler}` : functionName}: ${text}`);
    if (writer === undefined) return;
    const { environment, handler } = writer;
    if (!text.startsWith('{')) {
      const left = handler === 'webhook-worker' ? showLeftBehind(text, entryOf(environment.name)) : undefined;
      if (left !== undefined) say(left);
      return;
    }
    if (!text.includes('"event.failed"')) return;
    const line = failed.safeParse(parsed(text));
    if (line.success) void tellFailure(environment, line.data.eventId, Date.parse(line.data.timestamp));
  };
}

/** Who writes a line, by the function's name. In an app of one's own the name says nothing: it begins with any construct's id. */
function writersOf(environments: readonly LocalEnvironment[]) {
  return new Map(
    environments.flatMap((environment) =>
      handlerNames.flatMap((handler) => {
        const called = environment.functions[pascalCase(handler)];
        return called === undefined ? [] : [[functionNameOf(called), { environment, handler }] as const];
      }),
    ),
  );
}
