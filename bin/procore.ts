// npm run procore -- COMMAND: the operator's command line.
import { readProcoreBlock } from '../lib/cdk-json.ts';
import { runCommandLine } from '../lib/operator/command-line.ts';
import { exitCodes } from '../lib/operator/exit-codes.ts';
import { createTerminal } from '../lib/operator/terminal.ts';
import { readProcorerc, writeProcorerc } from '../lib/procorerc.ts';

const { stdin, stdout, stderr, env } = process;
process.on('SIGINT', () => {
  // Whoever else listens has work that must not be cut off, and ends it.
  if (process.listenerCount('SIGINT') === 1) process.exit(exitCodes.interrupted);
});
// A reader that has seen enough (`| head`) is no failure.
stdout.once('error', () => process.exit(exitCodes.done));

const terminal = createTerminal({
  stdout,
  stderr,
  interactive: stdin.isTTY === true && stderr.isTTY === true,
  variables: env,
});
process.exitCode = await runCommandLine(process.argv.slice(2), terminal, {
  // It synthesizes the template, which loads the CDK.
  standing: async (environment, stage) => {
    const { standingCharges } = await import('../lib/cloud/standing.ts');
    return standingCharges(environment, stage);
  },
  settings: async () => readProcoreBlock(),
  remembered: async () => readProcorerc(),
  remember: async (selection) => writeProcorerc(selection),
});
