// An app of several stacks, as own-app.test.ts runs it from a folder of its own.
import { App, CfnParameter, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { bundleFunctions } from '../../../lib/cloud/bundle/bundle.ts';
import { ProcoreEnvironment } from '../../../lib/cloud/procore-environment.ts';

const bundles = await bundleFunctions();
const app = new App({ analyticsReporting: false });
const inline = (scope: Stack, id: string, environment: Record<string, string> = {}) =>
  new LambdaFunction(scope, id, {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => process.env.FOREIGN;'),
    environment,
  });

const env = { account: '123456789012', region: 'eu-west-1' };
const first = new Stack(app, 'First', { env });
const sandbox = new ProcoreEnvironment(first, 'Procore', {
  procoreEnvironment: 'sandbox',
  bundles,
  worker: false,
  domainName: 'connect.example.com',
  certificate: Certificate.fromCertificateArn(first, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/1'),
});
const nested = new NestedStack(first, 'Nested');
const production = new ProcoreEnvironment(nested, 'Procore', {
  ...{ procoreEnvironment: 'production', bundles, queueNamePrefix: 'acme' },
});
const second = new Stack(app, 'Second', { env });
const parameter = new CfnParameter(second, 'Word', { default: 'spoken' });
const foreign = new Queue(second, 'Foreign');
const across = inline(second, 'Across', { FOREIGN: foreign.queueUrl, WORD: parameter.valueAsString });
sandbox.grantAccessTokens(across);
production.grantConnectLinks(across);
const consumer = inline(first, 'Consumer');
consumer.addEventSource(new SqsEventSource(sandbox.eventQueue));
inline(second, 'Unrelated');

const copy = new Stack(new Stage(app, 'Copy'), 'First');
new ProcoreEnvironment(copy, 'Procore', { procoreEnvironment: 'sandbox', bundles });
app.synth();
