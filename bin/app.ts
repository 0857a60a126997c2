import { App } from 'aws-cdk-lib';
import { bundleFunctions, EntryError } from '../lib/cloud/bundle/bundle.ts';
import { readConfiguration } from '../lib/cloud/configuration.ts';
import { ConfigurationError } from '../lib/cloud/configuration-error.ts';
import { ConnectorStack } from '../lib/cloud/connector-stack.ts';

/** The CDK app, started by `cdk` as cdk.json says. The only place that reads context. */
const app = new App({ analyticsReporting: false });
try {
  const configuration = readConfiguration((key) => app.node.tryGetContext(key));
  new ConnectorStack(app, { configuration, bundles: await bundleFunctions() });
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
