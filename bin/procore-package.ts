#!/usr/bin/env node
// The command line of the published package: bin/procore.ts in an app that has the package installed.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readCdkContext } from '../lib/cdk-json.ts';
import { runCommandLine } from '../lib/operator/command-line.ts';
import { exitCodes } from '../lib/operator/exit-codes.ts';
import { inForeignApp, ofTheRepository } from '../lib/operator/foreign-app.ts';
import { terminalOfProcess } from '../lib/operator/process-terminal.ts';
import { readProcorerc, writeProcorerc } from '../lib/procorerc.ts';
import { useProxies } from '../lib/use-proxies.ts';

const { env, argv } = process;
const script = fileURLToPath(import.meta.url);
const folder = resolve('.');
const file = (name: string) => pathToFileURL(join(folder, name));
const read = (name: string) => (existsSync(file(name)) ? JSON.parse(readFileSync(file(name), 'utf8')) : {});
const context = () => (existsSync(file('cdk.json')) ? readCdkContext(file('cdk.json')) : {});
const fitted = (text: string) => inForeignApp(text, read('package.json').scripts ?? {});
const terminal = terminalOfProcess(fitted);
const words = argv.slice(2);
const refusal = ofTheRepository(words);
if (refusal !== undefined) {
  terminal.tell(refusal);
  process.exitCode = exitCodes.usage;
} else if (words[0] === 'deploy') {
  const { deployForeign } = await import('../lib/deploy/deploy-foreign.ts');
  await useProxies(env);
  process.exitCode = await deployForeign(words.slice(1), pathToFileURL(`${folder}/`), terminal);
} else {
  process.exitCode = await runCommandLine(words, terminal, {
    program: {
      package: JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')),
      node: process.execPath,
      script,
      command: [process.execPath, script],
    },
    network: () => useProxies(env),
    // It synthesizes the template, which loads the CDK of the app.
    standing: async (environment, stage) => {
      const { standingCharges } = await import('../lib/cloud/standing.ts');
      return standingCharges(environment, stage, context());
    },
    makeStarter: async (path) => (await import('../lib/starter/from-package.ts')).starterAsHere(path, script),
    dev: async (app) => {
      const { serveOwnApp } = await import('../lib/local/own-app/serve.ts');
      const { workerBundler } = await import('../lib/cloud/bundle/bundle.ts');
      const people = (line: string) => (app.json ? console.error : console.log)(fitted(line));
      return serveOwnApp({ ...app, folder }, { people, programs: console.log }, workerBundler);
    },
    settings: async () => context().procore,
    remembered: async () => readProcorerc(file('.procorerc')),
    remember: async (selection) => writeProcorerc(selection, file('.procorerc')),
    openConsole: async (session, options) =>
      (await import('../lib/console/console.ts')).openConsole(session, options, fitted),
  });
}
