import { createInterface } from 'node:readline';
import { z } from 'zod';
import { unreachableDestination } from './delivery-polling.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import { LogWatch } from './log-watch.ts';
import { doMainJob } from './main-job.ts';
import type { LocalOptions } from './options.ts';
import { tryOwnHandler } from './own-handler.ts';
import type { LogLine } from './runtime/invocation.ts';
import { startLocalSystem } from './system.ts';

/** Where the lines for people and those for programs go. */
export interface Screen {
  people(line: string): void;
  programs(line: string): void;
}

/** What was started, and whether the main job, if it was done, worked. */
export interface Started {
  readonly system: LocalSystem;
  readonly ok: boolean;
}

/**
 * Starts everything, does the main job unless a program asked for the system alone, and says how to use it.
 *
 * @param bundleProofWorker bundles the worker with `proofOnEvent` for the main job, and gives the bundle's folder
 * @throws what {@link startLocalSystem} throws; nothing stays running
 */
export async function start(
  options: LocalOptions,
  screen: Screen,
  bundleProofWorker: () => Promise<string>,
): Promise<Started> {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`;
  const watch = new LogWatch();
  let showLine: (line: LogLine) => void = () => {};

  const whose = options.real === undefined ? 'no Procore account' : `and Procore's own ${options.real}`;
  screen.people(`Procore Connector on this machine: no AWS account, ${whose}.\n`);
  const doesMainJob = options.procore === undefined && (options.once || !options.json);
  const system = await startLocalSystem(doesMainJob ? { ...options, worker: await bundleProofWorker() } : options, {
    step: (text) => screen.people(`${seconds()}  ${text} …`),
    log: (line) => {
      watch.take(line);
      showLine(line);
    },
  });
  screen.people(`${seconds()}  Ready.`);
  if (options.procore && !options.json) {
    screen.people('\nThe main job is not done by itself here: a person presses Allow at the authorization server.');
  }
  const ok = doesMainJob ? await tryMainJob(system, watch, screen) : true;
  const links = await Promise.all(system.environments.map((environment) => issueLink(system, environment)));
  if (options.json) screen.programs(describeForPrograms(system, links));
  if (!options.once) {
    screen.people(describeForPeople(system, links, options));
    showLine = (line) => showLog(line, system, screen);
    if (process.stdin.isTTY) offerNewLinks(system, screen);
  }
  return { system, ok };
}

/**
 * Does the main job with a file of ours, and then tries the integrator's, which gets all events from then on.
 *
 * @returns whether the main job worked; how the integrator's file does is not ours to judge
 */
async function tryMainJob(system: LocalSystem, watch: LogWatch, screen: Screen): Promise<boolean> {
  screen.people('\nThe main job:');
  let ok = true;
  try {
    await doMainJob(system, watch, (text) => screen.people(`  ✓ ${text}`));
  } catch (error) {
    screen.people(`  ✗ ${(error as Error).message}`);
    ok = false;
  }
  await system.runWorkers();
  if (ok) screen.people(`\nYour own functions/on-event.ts, by itself:\n  ${await tryOwnHandler(system, watch, 5)}`);
  return ok;
}

async function issueLink(system: LocalSystem, { functions }: LocalEnvironment): Promise<string> {
  const answer = await system.invoke(functions.ConnectLink ?? '', { connectionId: 'my-company' });
  return z.object({ url: z.string() }).parse(answer).url;
}

/** The environment that a person is shown: the one with a real Procore, if there is one. */
function mainEnvironment({ environments }: LocalSystem): LocalEnvironment | undefined {
  return environments.find(({ standIn }) => standIn === undefined) ?? environments[0];
}

function offerNewLinks(system: LocalSystem, screen: Screen): void {
  const first = mainEnvironment(system);
  createInterface({ input: process.stdin }).on('line', async () => {
    if (first) screen.people(`A new link: ${await issueLink(system, first)}`);
  });
}

function describeForPeople(system: LocalSystem, links: readonly string[], options: LocalOptions): string {
  const first = mainEnvironment(system);
  const event =
    '{"id":"01JMYXMZRBVKK0PC6XS8SA4QRE","timestamp":"2025-02-25T16:04:43.619085Z","reason":"update","company_id":"8","project_id":"6778","user_id":"5447","resource_type":"Direct Cost Line Items","resource_id":"379913"}';
  return `
Now you. Ctrl-C ends everything, and nothing is kept.
${first?.standIn ? '' : describeRegistration(first, options, system.aws)}
  Connect an account: open the link and sign in at ${first?.standIn ? 'the stand-in Procore' : 'Procore'}. It lives 15 minutes; Enter makes a new one.
    ${links[first ? system.environments.indexOf(first) : 0]}

  Send a webhook as Procore does, and see what on-event.ts logs below:
    curl -i ${first?.webhookUrl} -H 'Authorization: ${first?.webhookAuthorization}' \\
      -H 'Content-Type: application/json' -d '${event}'

  Call its AWS with any SDK or the AWS command line, any key: ${system.aws}
${system.environments.map(({ name, api, procoreLogin }) => `  ${name}: our API ${api}, Procore's login ${procoreLogin}`).join('\n')}

The functions' log:`;
}

/** What has to be done at a Procore that is not ours to set up. */
function describeRegistration(
  environment: LocalEnvironment | undefined,
  { procore, publicUrl, port }: LocalOptions,
  aws: string,
): string {
  const arrival = `webhooks arrive at ${environment?.webhookUrl}`;
  const pushed = publicUrl === undefined ? arrival : `Let the tunnel lead to ${environment?.localApi}; ${arrival}`;
  // The command line looks at the port that is the usual one.
  const here = `--local${port === 4400 ? '' : ` --endpoint ${aws}`} --environment ${environment?.name} --company ID`;
  const polled = `Procore cannot reach this machine, so hooks lead to ${unreachableDestination}, which nobody has,
  and what Procore fails to deliver there is fetched every few seconds. Once connected, register them, and at the end
  remove them, since they stay at Procore:
    npm run procore -- webhooks apply ${here} --connection my-company --resources RFIs
    npm run procore -- webhooks remove ${here}`;
  const webhooks = procore?.polled ? polled : pushed;
  return `
  Register this redirect URI for your app in the Developer Portal, to the character:
    ${environment?.callbackUrl}
  ${webhooks}
`;
}

function describeForPrograms(system: LocalSystem, links: readonly string[]): string {
  const environments = system.environments.map(({ name, standIn: _, ...facts }, index) => [
    name,
    { ...facts, connectLink: links[index] },
  ]);
  return JSON.stringify({ ready: true, aws: system.aws, environments: Object.fromEntries(environments) });
}

/** Shows a function's line under its short name; metrics are for CloudWatch, not for the eye. */
function showLog({ functionName, text }: LogLine, system: LocalSystem, screen: Screen): void {
  if (text.startsWith('{"_aws"')) return;
  const names = system.environments.flatMap(({ name, functions }) =>
    Object.entries(functions).map(([short, real]) => [real, `${name} ${short}`] as const),
  );
  screen.people(`${new Map(names).get(functionName) ?? functionName}: ${text}`);
}
