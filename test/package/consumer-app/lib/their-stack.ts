import { Stack, type StackProps } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ProcoreEnvironment, type ProcoreEnvironmentProps } from 'procore-connector';

/** A stack as an integrator writes it. */
export class TheirStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const ours: ProcoreEnvironmentProps = { procoreEnvironment: 'sandbox', onEventEntry: 'lib/on-event.ts' };
    const procore = new ProcoreEnvironment(this, 'Procore', ours);
    const backend = new LambdaFunction(this, 'Backend', {
      runtime: Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => {};'),
    });
    procore.grantAccessTokens(backend);
    procore.grantConnectLinks(backend);
    procore.grantDisconnect(backend);
  }
}
