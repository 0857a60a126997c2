import type { ControlAnswer, StandInAction } from '../../local-control.ts';
import type { ProcoreStandInControl } from '../../procore-stand-in/control.ts';
import type { Fault } from '../../procore-stand-in/faults.ts';
import type { Hook } from '../../procore-stand-in/hooks.ts';
import type { failures } from '../../stand-in-words.ts';
import { listOf } from './stand-in-list.ts';
import { ControlRefusedError } from './trigger-target.ts';

const faults: Readonly<Record<(typeof failures)[number], Fault>> = {
  lost: { kind: 'lost-response', effect: false },
  'lost-after-effect': { kind: 'lost-response', effect: true },
  'server-error': { kind: 'server-error', effect: false },
  unavailable: { kind: 'unavailable' },
  throttled: { kind: 'throttled', retryAfterSeconds: 1 },
  unreadable: { kind: 'unreadable', effect: true },
};

/** Does something at a stand-in Procore, and says in a line what. @throws ControlRefusedError when it cannot */
export function act(control: ProcoreStandInControl, action: StandInAction): ControlAnswer {
  switch (action.do) {
    case 'status':
      return status(control);
    case 'list': {
      const list = listOf(control, action);
      return { text: '', data: list };
    }
    case 'companies': {
      const before = control.companies().length;
      if (action.count < before) {
        throw new ControlRefusedError(
          `There are ${before} companies; none is taken away. npm start -- --fresh begins with two.`,
        );
      }
      control.setCompanies(action.count);
      return done(`There are ${action.count} companies; ${action.count - before} were added, with a project each.`);
    }
    case 'disconnect':
    case 'reconnect': {
      requireCompany(control, action.company);
      control.setConnected(action.company, action.do === 'reconnect');
      const left =
        action.do === 'disconnect' ? 'has disconnected the app: calls about it are refused' : 'has the app again';
      return done(`The company ${action.company} ${left}.`);
    }
    case 'disable-hook':
    case 'enable-hook': {
      const { id } = chooseHook(control, action.hook);
      const isOn = action.do === 'enable-hook';
      control.setHookStatus(id, isOn ? 'active' : 'disabled');
      return done(`The hook ${id} is ${isOn ? 'active' : 'disabled: Procore sends it nothing'}.`);
    }
    default:
      return done(turn(control, action));
  }
}

type Turn = Exclude<
  StandInAction,
  { do: 'status' | 'list' | 'companies' | 'disconnect' | 'reconnect' | 'disable-hook' | 'enable-hook' }
>;

/** Turns something on or off for the whole stand-in. @returns what it did */
function turn(control: ProcoreStandInControl, action: Turn): string {
  switch (action.do) {
    case 'down':
      control.setDown(true);
      return 'Procore is down: every call is answered 503, until: npm run procore -- stand-in up.';
    case 'up':
      control.setDown(false);
      control.setOutages(false);
      control.refuseAllTokens(false);
      control.forgetFailures();
      return 'Procore works: whatever down, slow, outages, fail and refuse-tokens had switched on is off.';
    case 'slow':
      control.setSlow(action.milliseconds);
      return `Every call of the API is answered ${action.milliseconds} ms late, until: npm run procore -- stand-in up.`;
    case 'outages':
      control.setOutages(true);
      return 'Calls of the API fail now and then, one to three in a row, until: npm run procore -- stand-in up.';
    case 'fail':
      control.failNext(action.route, faults[action.how], action.times);
      return `The next ${action.times} calls of ${action.route} fail: ${action.how}.`;
    case 'limit':
      control.exhaustRateLimit();
      return 'The rate limit is spent: calls of the API are answered 429 until the longest window is over.';
    case 'revoke':
      control.revokeGrant();
      return 'The person has taken every grant back: all their access and refresh tokens are dead. Connect again to go on.';
    case 'refuse-tokens':
      control.refuseAllTokens(true);
      return 'Every access token is refused with 401; refreshing goes on. Until: npm run procore -- stand-in up.';
  }
}

function status(control: ProcoreStandInControl): ControlAnswer {
  const { down, allTokensRefused, troubled, failing } = control.switches();
  const disabled = control.hooks().filter((hook) => hook.status === 'disabled');
  const lines = [
    ...(down ? ['down: every call is answered 503'] : []),
    ...(troubled === 'outages' ? ['outages: calls of the API fail now and then'] : []),
    ...(typeof troubled === 'object' ? [`slow: every call of the API is answered ${troubled.slowMs} ms late`] : []),
    ...(allTokensRefused ? ['refuse-tokens: every access token is refused'] : []),
    ...Object.entries(failing).flatMap(([route, times]) =>
      times > 0 ? [`fail: the next ${times} calls of ${route}`] : [],
    ),
    ...control.disconnected().map((id) => `disconnect: the company ${id} has disconnected the app`),
    ...disabled.map(({ id }) => `disable-hook: the hook ${id}`),
  ];
  const facts = {
    companies: control.companies().length,
    hooks: control.hooks().length,
    tokens: control.tokenCounts().valid,
  };
  const held = `Companies: ${facts.companies}, hooks: ${facts.hooks}, valid access tokens: ${facts.tokens}.`;
  const switched =
    lines.length > 0 ? ['Switched on:', ...lines.map((line) => `  ${line}`)] : ['Nothing is switched on.'];
  return { text: [...switched, held].join('\n'), data: { switchedOn: lines, ...facts } };
}

function done(text: string): ControlAnswer {
  return { text, data: { done: text } };
}

function requireCompany(control: ProcoreStandInControl, company: string): void {
  if (control.companies().some(({ id }) => id === company)) return;
  throw new ControlRefusedError(
    `There is no company ${company} at the stand-in. See: npm run procore -- stand-in list companies.`,
  );
}

function chooseHook(control: ProcoreStandInControl, id: string | undefined): Hook {
  const hooks = control.hooks();
  const found = id === undefined && hooks.length === 1 ? hooks[0] : hooks.find((hook) => hook.id === id);
  if (found) return found;
  const wrong = id === undefined ? `There are ${hooks.length} hooks: say which.` : `There is no hook ${id}.`;
  throw new ControlRefusedError(`${wrong} See: npm run procore -- stand-in list hooks.`);
}
