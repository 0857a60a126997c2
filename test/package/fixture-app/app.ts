import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ProcoreEnvironment } from 'procore-connector';

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'TheirApp');
const procore = new ProcoreEnvironment(stack, 'Procore', {
  procoreEnvironment: 'sandbox',
  onEventEntry: fileURLToPath(new URL('on-event.ts', import.meta.url)),
});
procore.addAlarmAction(new SnsAction(new Topic(stack, 'TheirTopic')));
const theirs = new LambdaFunction(stack, 'Theirs', {
  runtime: Runtime.NODEJS_24_X,
  handler: 'index.handler',
  code: Code.fromInline('exports.handler = async () => {};'),
});
procore.grantAccessTokens(theirs);
procore.eventQueue.grantPurge(theirs);
app.synth();
