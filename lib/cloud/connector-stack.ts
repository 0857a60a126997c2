import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { ConcurrencyPlan } from '../concurrency.ts';
import { alarmTopicOutput, pascalCase } from '../stack-outputs.ts';
import { AlarmTopic } from './alarm-topic.ts';
import type { Bundles } from './bundle/bundle.ts';
import type { Configuration } from './configuration.ts';
import { ProcoreEnvironment, type ProcoreEnvironmentProps } from './procore-environment.ts';

/** Properties for defining a {@link ConnectorStack}. */
export interface ConnectorStackProps {
  /** What cdk.json and the command line decide. */
  readonly configuration: Configuration;
  /** The functions' bundles, which all environments share. */
  readonly bundles: Bundles;
  /**
   * What the account of the stack allows each environment to run at once.
   *
   * @default - what they ask for
   */
  readonly concurrency?: ConcurrencyPlan;
}

/** The one stack: a {@link ProcoreEnvironment} for each environment that cdk.json names, for any account and region. */
export class ConnectorStack extends Stack {
  constructor(scope: Construct, { configuration, bundles, concurrency }: ConnectorStackProps) {
    super(scope, configuration.stackName, {
      description: `Procore Connector for ${configuration.environments.join(', ')}`,
      // A stack is deleted on purpose or not at all: lib/cloud/README.md, "Tearing down".
      terminationProtection: true,
    });
    const { topic } = new AlarmTopic(this, 'Alarms', { email: configuration.alarmEmail });
    const action = new SnsAction(topic);
    for (const name of configuration.environments) {
      const props = { ...this.#propsOf(name, configuration), ...shareOf(name, concurrency), bundles };
      new ProcoreEnvironment(this, pascalCase(name), props).addAlarmAction(action);
    }
    new CfnOutput(this, alarmTopicOutput, { value: topic.topicArn });
  }

  #propsOf(procoreEnvironment: ProcoreEnvironmentName, configuration: Configuration): ProcoreEnvironmentProps {
    const { returnToOrigins, worker, workerConcurrency, giveUpAfterHours } = configuration;
    const { revokeReplacedTokens, logRetentionDays } = configuration;
    const { [procoreEnvironment]: logLevel } = configuration.logLevel;
    const { [procoreEnvironment]: domain } = configuration.domains;
    return {
      procoreEnvironment,
      ...{ returnToOrigins, worker, workerConcurrency, giveUpAfterHours, revokeReplacedTokens },
      logRetention: logRetentionDays,
      ...(logLevel && { logLevel }),
      ...(domain && {
        domainName: domain.name,
        certificate: this.#certificate(procoreEnvironment, domain.certificateArn),
      }),
    };
  }

  #certificate(procoreEnvironment: ProcoreEnvironmentName, certificateArn: string) {
    return Certificate.fromCertificateArn(this, `${pascalCase(procoreEnvironment)}Certificate`, certificateArn);
  }
}

/** What of the account is an environment's, as the props of its construct. */
function shareOf(environment: ProcoreEnvironmentName, plan: ConcurrencyPlan | undefined) {
  const share = plan?.environments.find(({ name }) => name === environment);
  if (share === undefined) return {};
  const { worker, accessTokenCalls, rotation, recovery } = share;
  return { ...(worker > 0 && { workerConcurrency: worker }), concurrency: { accessTokenCalls, rotation, recovery } };
}
