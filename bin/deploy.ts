// npm run deploy: synthesizes a stage of cdk.json, compares it with what is deployed, and has the CDK deploy it.
import { isConnectorError } from '../functions/connector-error.ts';
import { deployFolder } from '../lib/deploy/deploy-folder.ts';
import { deployUsage } from '../lib/deploy/options.ts';
import { deploySteps } from '../lib/deploy/steps.ts';
import { checkTypes } from '../lib/type-check.ts';
import { useProxies } from '../lib/use-proxies.ts';

const argv = process.argv.slice(2);
if (argv.includes('--help')) {
  console.log(deployUsage);
  process.exit(0);
}
try {
  await useProxies(process.env);
  const parts = { steps: deploySteps, checkTypes, say: console.error };
  process.exitCode = await deployFolder(argv, new URL('../', import.meta.url), parts);
} catch (error) {
  if (!isConnectorError(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
