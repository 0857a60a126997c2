// npm run verify -- [--stack NAME] [--region R] [--profile P] [--local] [--endpoint URL] [--json]: a smoke test of a
// deployed stack through its real URLs, or of the system that `npm start` runs.
import { parseArgs } from 'node:util';
import { awsTrouble } from '../lib/operator/aws-trouble.ts';
import { findDeployment } from '../lib/operator/deployment.ts';
import { exitCodes, OperatorError, usageError } from '../lib/operator/exit-codes.ts';
import { verifyEnvironment } from '../lib/operator/verify.ts';

const options = {
  stack: { type: 'string', default: 'ProcoreConnector' },
  region: { type: 'string' },
  profile: { type: 'string' },
  local: { type: 'boolean', default: false },
  endpoint: { type: 'string', default: 'http://127.0.0.1:4400' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const usage =
  'Use: npm run verify -- --stack NAME [--region R] [--profile P] [--json], or --local [--endpoint URL] [--json]';

function readOptions() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw usageError(`${(error as Error).message} \n${usage}`);
  }
}

let local = false;
try {
  const { stack, region, profile, endpoint, json, help, ...given } = readOptions();
  if (help) {
    console.log(usage);
    process.exit(exitCodes.done);
  }
  local = given.local;
  const { environments, stackName } = await findDeployment({
    stackName: stack,
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(local && { localEndpoint: endpoint }),
  });
  const checks = (await Promise.all(environments.map((environment) => verifyEnvironment(environment, fetch)))).flat();
  const faults = checks.filter(({ fault }) => fault !== undefined);
  if (json) console.log(JSON.stringify({ stack: stackName, checks }));
  else
    for (const { environment, what, fault } of checks)
      console.log(`${fault ? '✗' : '✓'} ${environment}: ${what}${fault ? `\n    ${fault}` : ''}`);
  if (!json) console.log(`\n${checks.length - faults.length} of ${checks.length} checks hold.`);
  process.exit(faults.length === 0 ? exitCodes.done : exitCodes.failed);
} catch (error) {
  const known = error instanceof OperatorError ? error : awsTrouble(error, local);
  if (known === undefined) throw error;
  console.error(known.message);
  process.exit(known.exitCode);
}
