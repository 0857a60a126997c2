import { CfnOutput, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Construct } from 'constructs';
import { AlarmTopic } from './alarm-topic.ts';
import type { Bundles } from './bundle/bundle.ts';
import type { Configuration } from './configuration.ts';
import { ProcoreEnvironment, pascalCase } from './procore-environment.ts';

export interface ConnectorStackProps {
  readonly configuration: Configuration;
  readonly bundles: Bundles;
}

/** The one stack: a {@link ProcoreEnvironment} for each environment that cdk.json names, for any account and region. */
export class ConnectorStack extends Stack {
  constructor(scope: Construct, { configuration, bundles }: ConnectorStackProps) {
    super(scope, configuration.stackName, {
      description: `Procore Connector for ${configuration.environments.join(', ')}`,
    });
    const { topic } = new AlarmTopic(this, 'Alarms', { email: configuration.alarmEmail });
    const action = new SnsAction(topic);
    for (const procoreEnvironment of configuration.environments) {
      new ProcoreEnvironment(this, pascalCase(procoreEnvironment), {
        ...configuration,
        procoreEnvironment,
        bundles,
        logLevel: configuration.logLevel[procoreEnvironment],
        domain: configuration.domains[procoreEnvironment],
      }).addAlarmAction(action);
    }
    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn });
  }
}
