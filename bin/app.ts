import { App } from 'aws-cdk-lib';
import { bundleFunctions, EntryError } from '../lib/cloud/bundle/bundle.ts';
import { readConfiguration } from '../lib/cloud/configuration.ts';
import { ConnectorStack } from '../lib/cloud/connector-stack.ts';
import { describePlan, planForAccount } from '../lib/concurrency.ts';
import { ConfigurationError } from '../lib/configuration-error.ts';
import { onEventEntryKey } from '../lib/on-event-entry.ts';

/** The CDK app, started by `cdk` as cdk.json says. The only place that reads context. */
const app = new App({ analyticsReporting: false });
try {
  const context = (key: string): unknown => app.node.tryGetContext(key);
  // Without a place of their own, cdk says in which account and region it deploys.
  const { CDK_DEFAULT_ACCOUNT: account = '', CDK_DEFAULT_REGION: region = '' } = process.env;
  const stacks = readConfiguration(context).map((configuration) => ({ account, region, ...configuration }));
  const onEventEntry: string | undefined = app.node.tryGetContext(onEventEntryKey);
  // In a folder of its own: what stands in for the integrator's file must never get into a deployment.
  const bundles = await bundleFunctions(onEventEntry ? { onEventEntry, outputDirectory: '.bundles/stand-in' } : {});
  const said = new Set<string>();
  for (const [index, configuration] of readConfiguration(context).entries()) {
    const plan = stacks[index] && planForAccount(stacks[index], stacks, context);
    if (plan) said.add(describePlan(plan, stacks[index]?.region ?? '').join('\n'));
    new ConnectorStack(app, { configuration, bundles, ...(plan && { concurrency: plan }) });
  }
  for (const lines of said) if (lines !== '') console.error(lines);
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
