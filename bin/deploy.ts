// npm run deploy: synthesizes a stage of cdk.json, compares it with what is deployed, and has the CDK deploy it.
import { isConnectorError } from '../functions/connector-error.ts';
import { readProcoreBlock } from '../lib/cdk-json.ts';
import { readAssembly, runCdk } from '../lib/deploy/cdk.ts';
import { cloudFormation } from '../lib/deploy/cloudformation.ts';
import { deploy } from '../lib/deploy/deploy.ts';
import { deployUsage, parseDeployOptions } from '../lib/deploy/options.ts';
import { deploySteps } from '../lib/deploy/steps.ts';
import { readProcorerc } from '../lib/procorerc.ts';

const argv = process.argv.slice(2);
if (argv.includes('--help')) {
  console.log(deployUsage);
  process.exit(0);
}
try {
  process.exitCode = await deploy(parseDeployOptions(argv), {
    block: readProcoreBlock(),
    remembered: readProcorerc(),
    variables: process.env,
    cdk: runCdk,
    readAssembly,
    cloudFormation,
    steps: deploySteps,
    say: (text) => console.error(text),
  });
} catch (error) {
  if (!isConnectorError(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
