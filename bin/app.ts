import { App } from 'aws-cdk-lib';
import { bundleFunctions, EntryError } from '../lib/cloud/bundle/bundle.ts';
import { readConfiguration } from '../lib/cloud/configuration.ts';
import { ConfigurationError } from '../lib/cloud/configuration-error.ts';
import { ConnectorStack } from '../lib/cloud/connector-stack.ts';
import { describePlan, planForAccount } from '../lib/concurrency.ts';

/** The CDK app, started by `cdk` as cdk.json says. The only place that reads context. */
const app = new App({ analyticsReporting: false });
try {
  const context = (key: string): unknown => app.node.tryGetContext(key);
  const configuration = readConfiguration(context);
  const { worker, workerConcurrency } = configuration;
  const environments = configuration.environments.map((name) => ({ name, worker, workerConcurrency }));
  // cdk says in which account and region it deploys; what `npm run deploy` found out about them is in cdk.context.json.
  const { CDK_DEFAULT_ACCOUNT: account = '', CDK_DEFAULT_REGION: region = '' } = process.env;
  const stack = { account, region, environments };
  const concurrency = planForAccount(stack, [stack], context);
  if (concurrency) for (const line of describePlan(concurrency, region)) console.error(line);
  new ConnectorStack(app, { configuration, bundles: await bundleFunctions(), ...(concurrency && { concurrency }) });
} catch (error) {
  if (!(error instanceof ConfigurationError || error instanceof EntryError)) throw error;
  console.error(error.message);
  // At once: CDK would go on to synthesize the app as far as it got.
  process.exit(1);
}
try {
  app.synth();
} catch (error) {
  // What constructs refuse, names above all: the lines say it, and a stack trace through the CDK says nothing.
  if (!(error instanceof Error && error.message.startsWith('Validation failed with'))) throw error;
  console.error(error.message);
  process.exit(1);
}
