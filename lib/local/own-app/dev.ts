import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { keyFileOf } from '../../local-key.ts';
import { controlOf } from '../control/control.ts';
import type { LocalSystem } from '../local-system.ts';
import { logScreen } from '../log-screen.ts';
import { LogWatch } from '../log-watch.ts';
import { tryMainJob } from '../main-job.ts';
import { tryOwnHandler } from '../own-handler.ts';
import { localSecretsFile, readLocalSecrets } from '../own-secrets.ts';
import type { Following } from '../reload/follow.ts';
import type { BuildWorker } from '../reload/own-worker.ts';
import type { LogLine } from '../runtime/invocation.ts';
import { noteMainJob, type OpenedState, openStateIn } from '../state/state-place.ts';
import { startLocalSystem } from '../system.ts';
import { type AppChoice, type OwnApp, openOwnApp } from './own-app.ts';
import { type OwnEntries, prepareOwnEntries } from './own-entries.ts';
import { shortPath } from './selection.ts';

/** What `procore dev` was asked for. */
export interface DevOptions extends AppChoice {
  /** Do the main job once, try the app's own onEvent, then end. */
  readonly once: boolean;
  /** Print one line for programs when ready. */
  readonly json: boolean;
  /** Forget what the last run has left. */
  readonly fresh: boolean;
  /** The first of the ports, which the others follow; 0 takes free ones. */
  readonly port: number;
}

/** Where the lines for people and those for programs go. */
export interface DevScreen {
  people(line: string): void;
  programs(line: string): void;
}

/** What runs, and whether the main job and the app's own onEvent, if they were tried, worked. */
export interface RunningApp {
  readonly system: LocalSystem;
  readonly ok: boolean;
  stop(): Promise<void>;
}

/** So many lines of what is not run are shown to people; `--json` has them all. */
const mostShown = 40;

/**
 * Runs what a CDK app has of ours on this machine, with a stand-in Procore for each environment.
 *
 * @param workerBundler bundles our part of the worker
 * @throws SynthesisError, LocalSecretsError, LocalVariablesError, and what startLocalSystem throws; nothing stays running
 */
export async function runOwnApp(
  options: DevOptions,
  screen: DevScreen,
  workerBundler: () => Promise<BuildWorker>,
): Promise<RunningApp> {
  screen.people('Procore Connector on this machine, with your app: no AWS account, no Procore account.\n');
  screen.people('Synthesizing your app …');
  const local = privateFolder(options.folder);
  const app = await openOwnApp(options, join(local, 'assemblies'));
  try {
    return await runOpened(app, { ...options, local }, screen, workerBundler);
  } catch (error) {
    app.remove();
    throw error;
  }
}

async function runOpened(
  app: OwnApp,
  options: DevOptions & { readonly local: string },
  screen: DevScreen,
  workerBundler: () => Promise<BuildWorker>,
): Promise<RunningApp> {
  const { folder, local, once, json, port, fresh } = options;
  if (!json) screen.people(describeApp(app));
  const place = { folder, built: join(local, 'own') };
  const entries = await prepareOwnEntries(app, await workerBundler(), place, screen.people);
  const ownSecrets = await readLocalSecrets(join(folder, localSecretsFile));
  const state = once || port === 0 ? undefined : join(local, `state-${port}`);
  const opened = state === undefined ? undefined : openStateIn(state, { fresh }, screen.people);
  const [first] = app.environments;
  const doesMainJob = (once || !json) && first?.worker === true && !opened?.mainJobDone;
  const watch = new LogWatch();
  let showLine: (line: LogLine) => void = () => {};
  const system = await startLocalSystem(
    {
      ...{ port, app, ownSecrets, state: opened?.state },
      ...(doesMainJob ? { worker: entries.proofWorker } : { workerVariables: entries.variables }),
    },
    {
      step: (text) => screen.people(`${text} …`),
      log: (line) => {
        watch.take(line);
        showLine(line);
      },
    },
  );
  const running = {
    system,
    watch,
    showLog: (show: (line: LogLine) => void) => {
      showLine = show;
    },
  };
  try {
    return await tellAndTry(app, { ...options, doesMainJob, opened, entries }, running, screen);
  } catch (error) {
    await system.stop();
    throw error;
  }
}

interface Begun {
  readonly system: LocalSystem;
  readonly watch: LogWatch;
  showLog(show: (line: LogLine) => void): void;
}

interface Trial extends DevOptions {
  readonly doesMainJob: boolean;
  readonly opened: OpenedState | undefined;
  readonly entries: OwnEntries;
}

/** Tries what runs, has it follow the app's files, and says how it is used. */
async function tellAndTry(
  app: OwnApp,
  { once, json, port, doesMainJob, opened, entries }: Trial,
  { system, watch, showLog }: Begun,
  screen: DevScreen,
): Promise<RunningApp> {
  let following: Following | undefined;
  system.takeControl(controlOf(system, watch, () => following?.faults() ?? []));
  const worked = !doesMainJob || (await tryMainJob(system, watch, screen.people));
  if (doesMainJob && worked && opened) noteMainJob(opened.state);
  await entries.putIn(system);
  const ownWorked = !doesMainJob || !worked || (await tryOwn(app, system, watch, once, screen));
  following = once ? undefined : entries.follow(system);
  if (json) screen.programs(describeForPrograms(app, system));
  if (once) screen.people(`\n${verdict(worked, ownWorked)}`);
  else {
    screen.people(await describeForPeople(app, system, port));
    const entryOf = (name: string) =>
      app.environments.find(({ procoreEnvironment }) => procoreEnvironment === name)?.onEventEntry;
    showLog(logScreen(system, screen.people, entryOf));
  }
  return {
    ...{ system, ok: worked && ownWorked },
    async stop() {
      await following?.stop();
      await system.stop();
    },
  };
}

/** Keys, tokens and states are nobody else's, and no part of the app's repository. */
function privateFolder(folder: string): string {
  const local = join(folder, '.local');
  mkdirSync(local, { recursive: true, mode: 0o700 });
  writeFileSync(join(local, '.gitignore'), '*\n');
  // A function's code is read as on Lambda, where no package.json of the app lies above it.
  writeFileSync(join(local, 'package.json'), '{}\n');
  return local;
}

async function tryOwn(app: OwnApp, system: LocalSystem, watch: LogWatch, once: boolean, screen: DevScreen) {
  screen.people('\nYour own onEvent, by itself:');
  const { ok, text } = await tryOwnHandler(system, watch, once ? 30 : 5, app.environments[0]?.onEventEntry);
  screen.people(`  ${text.replaceAll('\n', '\n  ')}`);
  return ok;
}

function verdict(worked: boolean, ownWorked: boolean): string {
  if (!worked) return 'The main job failed. What your own file does was not tried.';
  return ownWorked ? 'Everything works.' : 'The connector works. Your own onEvent does not: see above what to do.';
}

/** What of the app runs, and what does not. */
function describeApp({ environments, functions, notRun, remarks }: OwnApp): string {
  const list = (title: string, lines: readonly string[]) => {
    const more = lines.length > mostShown ? [`… and ${lines.length - mostShown} more: --json has them all`] : [];
    return lines.length === 0
      ? ''
      : `\n${title}\n${[...lines.slice(0, mostShown), ...more].map((line) => `  ${line}\n`).join('')}`;
  };
  // What somebody has to look at comes first.
  const sorted = [...notRun.filter(({ why }) => why !== undefined), ...notRun.filter(({ why }) => why === undefined)];
  return [
    list('Runs here:', [
      ...environments.map(({ path, procoreEnvironment }) => `${path}  ProcoreEnvironment (${procoreEnvironment})`),
      ...functions.map(({ path, name }) => `${path}  function of yours; its name here is ${name}`),
    ]),
    list(
      'Not run here:',
      sorted.map(({ path, type, why }) => `${shortPath(path)}  ${type}${why === undefined ? '' : `. ${why}`}`),
    ),
    list('So this is otherwise than on AWS:', remarks),
  ].join('');
}

async function describeForPeople(app: OwnApp, system: LocalSystem, port: number): Promise<string> {
  const [first] = system.environments;
  const link = await system.invoke(first?.functions.ConnectLink ?? '', { connectionId: 'my-company' });
  const { url } = z.object({ url: z.string() }).parse(link);
  const [fn] = app.functions;
  const endpoint = port === 4400 ? '' : ` --endpoint ${system.aws}`;
  return `
Ready. Ctrl-C ends everything.

  Connect an account: open the link and press Allow at the stand-in Procore. It lives 15 minutes.
    ${url}

  Let something happen at the stand-in Procore, and see what onEvent makes of it:
    npm run procore -- trigger RFIs.update${endpoint}

  Call its AWS with any SDK or the AWS command line:
    export AWS_ENDPOINT_URL=${system.aws} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local-$(cat ${keyFileOf(system.aws)}) AWS_SECRET_ACCESS_KEY=any
${fn ? `    aws lambda invoke --function-name ${fn.name} /dev/stdout\n` : ''}${system.environments.map(({ name, api, webhookUrl, procoreLogin }) => `  ${name}: our API ${api}, webhooks ${webhookUrl}, Procore's login ${procoreLogin}`).join('\n')}

The functions' log:`;
}

function describeForPrograms({ functions, notRun, remarks }: OwnApp, system: LocalSystem): string {
  const environments = system.environments.map(({ name, standIn: _, ...facts }) => [name, facts]);
  return JSON.stringify({
    ready: true,
    aws: system.aws,
    awsKeyFile: keyFileOf(system.aws),
    environments: Object.fromEntries(environments),
    ...{ functions, notRun, remarks },
  });
}
