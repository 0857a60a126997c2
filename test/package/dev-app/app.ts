import { App, Stack } from 'aws-cdk-lib';
import { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ProcoreEnvironment } from 'procore-connector';

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'TheirStack');
const procore = new ProcoreEnvironment(stack, 'Procore', {
  procoreEnvironment: 'sandbox',
  onEventEntry: 'lib/on-event.ts',
});
const bucket = new Bucket(stack, 'Bucket');
const reader = new NodejsFunction(stack, 'Reader', {
  entry: 'lib/reader.ts',
  runtime: Runtime.NODEJS_22_X,
  environment: { BUCKET: bucket.bucketName },
});
bucket.grantRead(reader);
procore.grantAccessTokens(reader);
const python = new LambdaFunction(stack, 'Python', {
  runtime: Runtime.PYTHON_3_13,
  handler: 'index.handler',
  code: Code.fromInline('def handler(event, context): pass'),
});
procore.grantAccessTokens(python);
new RestApi(stack, 'Api').root.addMethod('GET');
app.synth();
