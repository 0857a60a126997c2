// npm run bootstrap: prepares the accounts and regions of a stage for the CDK, with its own options behind two hyphens.
import { fileURLToPath } from 'node:url';
import { isConnectorError } from '../functions/connector-error.ts';
import { readProcoreBlock } from '../lib/cdk-json.ts';
import { bootstrapCalls, whenNotSignedIn } from '../lib/deploy/bootstrap.ts';
import { runCdk } from '../lib/deploy/cdk.ts';
import { useProxies } from '../lib/use-proxies.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [option, name, ...others] = process.argv.slice(2);
const [stage, passedOn] = option === '--stage' ? [name, others] : [undefined, process.argv.slice(2)];
try {
  await useProxies(process.env);
  const calls = bootstrapCalls(readProcoreBlock(), stage ?? (process.env.PROCORE_STAGE || undefined), process.env);
  for (const call of calls) {
    process.exitCode = await runCdk(root, [...call, ...passedOn]);
    if (process.exitCode === 0) continue;
    console.error(whenNotSignedIn);
    break;
  }
} catch (error) {
  if (!isConnectorError(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
