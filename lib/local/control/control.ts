import { atATime } from '../../../functions/at-a-time.ts';
import { isConnectorError } from '../../../functions/connector-error.ts';
import { type ControlAnswer, type ControlRequest, controlRequest } from '../../local-control.ts';
import type { LocalEnvironment, LocalSystem } from '../local-system.ts';
import type { LogWatch } from '../log-watch.ts';
import { act } from './stand-in-actions.ts';
import { trigger } from './trigger.ts';
import { ControlRefusedError } from './trigger-target.ts';

/**
 * Makes what answers `procore trigger` and `procore stand-in`.
 *
 * @param log of the functions of that system
 * @param ownFaults what keeps from running what the integrator has saved last
 * @returns what takes a request as parsed JSON; what cannot be done is an answer, not an error
 */
export function controlOf(
  system: Pick<LocalSystem, 'aws' | 'environments'>,
  log: Pick<LogWatch, 'initErrors' | 'count'>,
  ownFaults: () => readonly string[] = () => [],
): (request: unknown) => Promise<ControlAnswer> {
  // Two at once would take each other's events, and the hook that one of them lends, for their own.
  const triggerInTurn = atATime(1, (run: () => Promise<ControlAnswer>) => run());
  return async (given) => {
    try {
      const parsed = controlRequest.safeParse(given);
      if (!parsed.success) throw new ControlRefusedError('The request is not one of this version.');
      const { data: request } = parsed;
      const environment = environmentOf(system, request);
      const { standIn } = environment;
      if (standIn === undefined) throw notOurs(environment);
      const { control } = standIn;
      const props = { system, environment, control, log };
      const answer =
        request.do === 'trigger'
          ? ofLastGood(await triggerInTurn(() => trigger(request, props)), ownFaults())
          : act(control, request);
      await standIn.keep();
      return answer;
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      return { refused: { code: error.code, message: error.message } };
    }
  };
}

/** Whoever has just saved a file that cannot be built would take for its work what the one before has done. */
function ofLastGood(answer: ControlAnswer, [fault]: readonly string[]): ControlAnswer {
  if (fault === undefined || !('text' in answer)) return answer;
  const [first] = fault.split('\n');
  return { ...answer, text: `${answer.text}\nWhat was saved last cannot be built, and is not what ran: ${first}` };
}

/** Where nothing is said it is the first, which `npm start` is about. */
function environmentOf({ environments }: Pick<LocalSystem, 'environments'>, { environment }: ControlRequest) {
  const found = environment === undefined ? environments[0] : environments.find(({ name }) => name === environment);
  if (found) return found;
  const names = environments.map(({ name }) => name).join(', ');
  throw new ControlRefusedError(`The local system has no environment ${environment}; it has: ${names}.`);
}

function notOurs({ name }: LocalEnvironment): ControlRefusedError {
  return new ControlRefusedError(
    `${name} is not a stand-in here: npm start leads to a Procore of your own (--real), which nothing on this machine drives. ` +
      'What you change there comes as an event.',
  );
}
