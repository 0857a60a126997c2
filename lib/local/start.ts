import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { keyFileOf } from '../local-key.ts';
import { seededRandomness, ulid } from '../procore-stand-in/randomness.ts';
import { controlOf } from './control/control.ts';
import { unreachableDestination } from './delivery-polling.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import { logScreen } from './log-screen.ts';
import { LogWatch } from './log-watch.ts';
import { tryMainJob } from './main-job.ts';
import type { LocalOptions } from './options.ts';
import { prepareOwnFile } from './own-file.ts';
import { localSecretsFile, readLocalSecrets } from './own-secrets.ts';
import type { Following } from './reload/follow.ts';
import type { BuildWorker } from './reload/own-worker.ts';
import type { LogLine } from './runtime/invocation.ts';
import { shown } from './state/state-file.ts';
import { noteMainJob, openStateOf } from './state/state-place.ts';
import { startLocalSystem } from './system.ts';

const localSecrets = new URL(`../../${localSecretsFile}`, import.meta.url);

/** Where the lines for people and those for programs go. */
export interface Screen {
  people(line: string): void;
  programs(line: string): void;
}

/** A console that is served, and where. */
interface ServedConsole {
  readonly address: string;
  close(): Promise<void>;
}

/** What was started, and whether the main job, if it was done, and the integrator's own file worked. */
export interface Started {
  readonly system: LocalSystem;
  readonly ok: boolean;
}

/**
 * Starts everything, does the main job unless a program asked for the system alone, and says how to use it.
 *
 * @param workerBundler bundles our part of the worker, for the files that stand in the integrator's place
 * @param openConsole serves the console of the system whose AWS is there, for people
 * @throws LocalSecretsError, LocalVariablesError, and what {@link startLocalSystem} throws; nothing stays running
 */
export async function start(
  options: LocalOptions,
  screen: Screen,
  workerBundler: () => Promise<BuildWorker>,
  openConsole: (aws: string) => Promise<ServedConsole>,
): Promise<Started> {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`;
  const watch = new LogWatch();
  let showLine: (line: LogLine) => void = () => {};

  const whose = options.real === undefined ? 'no Procore account' : `and Procore's own ${options.real}`;
  screen.people(`Procore Connector on this machine: no AWS account, ${whose}.\n`);
  const own = await prepareOwnFile(await workerBundler(), screen.people);
  const ownSecrets = await readLocalSecrets(localSecrets);
  const opened = openStateOf(options, screen.people);
  const doesMainJob = options.procore === undefined && (options.once || !options.json) && !opened?.mainJobDone;
  const worker = doesMainJob ? { worker: own.proofWorker } : { workerVariables: own.variables };
  const system = await startLocalSystem(
    {
      ...options,
      ownSecrets,
      state: opened?.state,
      onEventEntry: own.onEventEntry,
      ...worker,
    },
    {
      step: (text) => screen.people(`${seconds()}  ${text} …`),
      log: (line) => {
        watch.take(line);
        showLine(line);
      },
    },
  );
  let following: Following | undefined;
  system.takeControl(controlOf(system, watch, () => following?.faults() ?? []));
  for (const { standIn } of system.environments) standIn?.control.setCompanies(options.companies ?? 0);
  screen.people(`${seconds()}  Ready.`);
  if (options.procore && !options.json) {
    screen.people('\nThe main job is not done by itself here: a person presses Allow at the authorization server.');
  }
  const worked = !doesMainJob || (await tryMainJob(system, watch, screen.people));
  if (doesMainJob && worked && opened) noteMainJob(opened.state);
  await own.putIn(system);
  const isTried = worked && (doesMainJob || (opened?.mainJobDone === true && !options.json));
  const ownWorked = !isTried || (await own.tryOut(system, watch, options.once ? 30 : 5));
  following = options.once ? undefined : own.follow(system);
  const links = await Promise.all(system.environments.map((environment) => issueLink(system, environment)));
  if (options.json) screen.programs(describeForPrograms(system, links));
  const served = options.once || options.json ? undefined : await openConsole(system.aws);
  if (!options.once) {
    screen.people(describeForPeople(system, links, options, opened?.state.folder, served?.address));
    showLine = logScreen(system, screen.people);
    if (process.stdin.isTTY) offerNewLinks(system, screen);
  }
  if (options.once) screen.people(`\n${verdict(worked, ownWorked)}`);
  const stop = async () => {
    await following?.stop();
    await served?.close();
    await system.stop();
  };
  return { system: { ...system, stop }, ok: worked && ownWorked };
}

/** Says whose fault it is, so that nobody looks for it on the wrong side. */
function verdict(worked: boolean, ownWorked: boolean): string {
  if (!worked) return 'The main job failed. What your own file does was not tried.';
  if (!ownWorked) return 'The connector works. Your own functions/on-event.ts does not: see above what to do.';
  return 'Everything works.';
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

function describeForPeople(
  system: LocalSystem,
  links: readonly string[],
  options: LocalOptions,
  stateFolder: string | undefined,
  consoleAddress: string | undefined,
): string {
  const first = mainEnvironment(system);
  const event = JSON.stringify({
    // Another one at each start: of one that is known nothing would be seen.
    id: ulid(Date.now(), seededRandomness(randomUUID(), 'event')),
    timestamp: new Date().toISOString(),
    ...{ reason: 'update', company_id: '8', project_id: '6778', user_id: '5447' },
    ...{ resource_type: 'Direct Cost Line Items', resource_id: '379913' },
  });
  return `
Now you. Ctrl-C ends everything${stateFolder === undefined ? ', and nothing is kept' : `; the next npm start goes on with what is kept in ${shown(stateFolder)}`}.
${first?.standIn ? '' : describeRegistration(first, options, system.aws)}${consoleAddress === undefined ? '' : `\n  See everything in a browser: this address works once.\n    ${consoleAddress}\n`}
  Connect an account: open the link and ${first?.standIn ? 'press Allow at the stand-in Procore, which asks for no sign-in' : 'sign in at Procore'}. It lives 15 minutes; Enter makes a new one.
    ${links[first ? system.environments.indexOf(first) : 0]}

${first?.standIn ? `  Let something happen at the stand-in Procore, and see what on-event.ts makes of it:\n    npm run procore -- trigger RFIs.update${options.port === 4400 ? '' : ` --endpoint ${system.aws}`}\n\n` : ''}  Save functions/on-event.ts: it is taken at once. Send a webhook as Procore does, and see below what it logs:
    curl -i ${first?.webhookUrl} -H 'Authorization: ${first?.webhookAuthorization}' \\
      -H 'Content-Type: application/json' -d '${event}'

  Call its AWS with any SDK or the AWS command line:
    export AWS_ENDPOINT_URL=${system.aws} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local-$(cat ${keyFileOf(system.aws)}) AWS_SECRET_ACCESS_KEY=any
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
  return JSON.stringify({
    ready: true,
    aws: system.aws,
    awsKeyFile: keyFileOf(system.aws),
    environments: Object.fromEntries(environments),
  });
}
