// What the command line takes from this repository, for all that starts a part of it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readProcoreBlock } from '../lib/cdk-json.ts';
import { openLocalConsole } from '../lib/operator/command-line.ts';
import type { OpenConsole, Surroundings } from '../lib/operator/session.ts';
import { createTerminal } from '../lib/operator/terminal.ts';
import { readProcorerc, writeProcorerc } from '../lib/procorerc.ts';
import { useProxies } from '../lib/use-proxies.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** Gives what the command line takes from this repository. */
export const surroundings: Surroundings = {
  program: {
    package: JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')),
    node: process.execPath,
    script: fileURLToPath(new URL('procore.ts', import.meta.url)),
    command: ['npm', '--prefix', folder, 'run', '--silent', 'procore', '--'],
  },
  network: () => useProxies(process.env),
  // It synthesizes the template, which loads the CDK.
  standing: async (environment, stage) => {
    const { standingCharges } = await import('../lib/cloud/standing.ts');
    return standingCharges(environment, stage);
  },
  makeStarter: async (path) => {
    const { findNpm } = await import('./install.js');
    return (await import('../lib/starter/from-clone.ts')).starterOfClone(path, folder, findNpm());
  },
  dev: async (app) => {
    const { serveOwnApp } = await import('../lib/local/own-app/serve.ts');
    const { workerBundler } = await import('../lib/cloud/bundle/bundle.ts');
    const people = app.json ? console.error : console.log;
    return serveOwnApp({ ...app, folder: process.cwd() }, { people, programs: console.log }, workerBundler);
  },
  settings: async () => readProcoreBlock(),
  remembered: async () => readProcorerc(),
  remember: async (selection) => writeProcorerc(selection),
  openConsole: async (session, options) => (await import('../lib/console/console.ts')).openConsole(session, options),
};

/** Opens the console of the system that runs in this process. @param aws where its AWS is */
export function openConsoleOf(aws: string): Promise<OpenConsole> {
  const nowhere = { write: () => {} };
  const streams = { stdout: nowhere, stderr: nowhere, interactive: false, variables: process.env };
  return openLocalConsole(aws, createTerminal(streams), surroundings);
}
