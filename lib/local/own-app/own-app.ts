import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { generatedName } from '../aws/identity.ts';
import { removeLeftOver } from '../reload/own-worker.ts';
import { type Assembly, SynthesisError } from '../template/assembly.ts';
import type { Template } from '../template/template.ts';
import { type AppStack, type MarkedEnvironment, readStacks } from './cloud-assembly.ts';
import { flatten } from './flat-template.ts';
import { type AppCommand, runApp } from './run-app.ts';
import { runnable } from './runnable.ts';
import { type NotRun, select, shortPath } from './selection.ts';

/** A function of the integrator's own that runs here. */
export interface OwnFunction {
  /** In the tree of constructs, e.g. `TheirStack/Reader`. */
  readonly path: string;
  /** By which it is invoked here. */
  readonly name: string;
}

/** A CDK app of somebody's, as far as it runs on this machine. */
export interface OwnApp {
  /** The environments, in the order in which their HTTP APIs get ports. Their files are absolute. */
  readonly environments: readonly MarkedEnvironment[];
  readonly names: readonly ProcoreEnvironmentName[];
  readonly functions: readonly OwnFunction[];
  readonly notRun: readonly NotRun[];
  /** What stands for values of what is not run, and what of the running is left out. */
  readonly remarks: readonly string[];
  /** The one template of everything that runs. @param ports of the HTTP APIs, in the order of `environments` */
  assemblyAt(ports: readonly number[]): Assembly;
  /** Deletes the cloud assembly. */
  remove(): void;
}

/** Which stacks count. */
export interface AppChoice extends AppCommand {
  /** The only stack, as `cdk ls` shows it or as CloudFormation names it. @default all that have an environment */
  readonly stack?: string | undefined;
}

/** Folders not yet removed. They go also when the process ends in a hurry. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Synthesizes an app and finds what of it runs.
 *
 * @param assemblies the folder for cloud assemblies, within the app's: Lambda's Node has the AWS SDK, which code that was
 *   bundled for it leaves out, and from there the app's own is found
 * @throws SynthesisError when it fails, has no environment, or two of the same Procore among which nobody has chosen
 */
export async function openOwnApp(choice: AppChoice, assemblies: string): Promise<OwnApp> {
  removeLeftOver(assemblies);
  const folder = mkdtempSync(join(assemblies, `${process.pid}-`));
  folders.add(folder);
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  try {
    await runApp(choice, folder);
    return readOwnApp(folder, choice, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

function readOwnApp(directory: string, { folder, stack }: AppChoice, remove: () => void): OwnApp {
  const all = readStacks(directory);
  const chosen = chooseStacks(all, stack);
  const environments = chosen
    .flatMap((each) => each.environments)
    .map(({ onEventEntry, ...mark }) => ({
      ...mark,
      ...(onEventEntry !== undefined && { onEventEntry: resolve(folder, onEventEntry) }),
    }));
  // All stacks: a function in one may be granted an environment of another.
  const flat = flatten([...chosen, ...all.filter((each) => !chosen.includes(each) && !isAnotherCopy(each, chosen))]);
  const selection = select(flat, environments);
  const { template, leftOut } = runnable(selection, flat, environments, directory);
  return {
    environments,
    names: environments.map(({ procoreEnvironment }) => procoreEnvironment),
    functions: selection.functions.map((id) => ({
      path: shortPath(selection.resources[id]?.path ?? id),
      name: functionName(id, template),
    })),
    notRun: selection.notRun,
    remarks: [...selection.standIns, ...leftOut.map((what) => `${what} is left out`)],
    assemblyAt: (ports) => ({
      template: atPorts(template, environments, ports),
      directory,
      remove: async () => remove(),
    }),
    remove,
  };
}

function functionName(id: string, { Resources }: Template): string {
  const given = Resources[id]?.Properties?.FunctionName;
  return typeof given === 'string' ? given : generatedName(id, 64);
}

/** @throws SynthesisError */
function chooseStacks(all: readonly AppStack[], stack: string | undefined): AppStack[] {
  const known = all.map(({ path }) => path).join(', ') || 'none';
  const named = stack === undefined ? all : all.filter(({ path, name }) => path === stack || name === stack);
  if (named.length === 0) throw new SynthesisError(`--stack ${stack}: the app has no such stack. It has: ${known}.`);
  const chosen = named.filter(({ environments }) => environments.length > 0);
  if (chosen.length === 0) {
    throw new SynthesisError(
      `No ProcoreEnvironment of this version of procore-connector is in ${stack ?? 'the app'} (stacks: ${known}). ` +
        'Add one to a stack: new ProcoreEnvironment(stack, "Procore", { procoreEnvironment: "sandbox" }).',
    );
  }
  const byName = Map.groupBy(
    chosen.flatMap(({ environments }) => environments),
    ({ procoreEnvironment }) => procoreEnvironment,
  );
  const twice = [...byName].find(([, same]) => same.length > 1);
  if (twice !== undefined) {
    const [name, same] = twice;
    throw new SynthesisError(
      `The app has "${name}" ${same.length} times: ${same.map(({ path }) => path).join(', ')}. One run has each Procore ` +
        `once. Choose a stack: --stack ${chosen[0]?.path}`,
    );
  }
  return chosen;
}

/** A stack with environments that nobody has chosen is the same app at another place: nothing of it belongs to this run. */
function isAnotherCopy({ environments }: AppStack, chosen: readonly AppStack[]): boolean {
  return environments.length > 0 && chosen.length > 0;
}

/** A host of one's own leads elsewhere: here its environment is where the HTTP API listens. */
function atPorts(template: Template, environments: readonly MarkedEnvironment[], ports: readonly number[]): Template {
  const text = environments.reduce(
    (left, { domainName }, index) =>
      domainName === undefined ? left : left.replaceAll(`https://${domainName}`, `http://localhost:${ports[index]}`),
    JSON.stringify(template),
  );
  return JSON.parse(text) as Template;
}
