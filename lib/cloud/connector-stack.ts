import { Annotations, CfnOutput, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { ConcurrencyPlan } from '../concurrency.ts';
import { alarmTopicOutput, pascalCase } from '../stack-outputs.ts';
import { AlarmTopic } from './alarm-topic.ts';
import type { Bundles } from './bundle/bundle.ts';
import type { EnvironmentConfiguration, StackConfiguration } from './configuration.ts';
import { warnOfUnknownRoutes } from './event-handler.ts';
import { isSecretArn, type VpcSetting } from './handler-settings.ts';
import { ProcoreEnvironment, type ProcoreEnvironmentProps } from './procore-environment.ts';

/** Properties for defining a {@link ConnectorStack}. */
export interface ConnectorStackProps {
  /** What cdk.json decides about it. */
  readonly configuration: StackConfiguration;
  /** The functions' bundles, which all environments share. */
  readonly bundles: Bundles;
  /**
   * What the account of the stack allows each environment to run at once.
   *
   * @default - what they ask for
   */
  readonly concurrency?: ConcurrencyPlan;
}

/**
 * A stack of a stage: a {@link ProcoreEnvironment} for each of its environments, for the account and region that cdk.json
 * names, or for any.
 */
export class ConnectorStack extends Stack {
  constructor(scope: Construct, { configuration, bundles, concurrency }: ConnectorStackProps) {
    const { stackName, account, region, environments, alarmEmail } = configuration;
    super(scope, stackName, {
      description: `Procore Connector for ${environments.map(({ name }) => name).join(', ')}`,
      env: { ...(account !== undefined && { account }), ...(region !== undefined && { region }) },
      // A stack is deleted on purpose or not at all: lib/cloud/README.md, "Tearing down".
      terminationProtection: true,
    });
    const { topic } = new AlarmTopic(this, 'Alarms', { email: alarmEmail });
    const action = new SnsAction(topic);
    for (const environment of environments) {
      const props = { ...this.#propsOf(environment), ...shareOf(environment.name, concurrency), bundles };
      new ProcoreEnvironment(this, pascalCase(environment.name), props).addAlarmAction(action);
    }
    new CfnOutput(this, alarmTopicOutput, { value: topic.topicArn });
  }

  #propsOf(environment: EnvironmentConfiguration): ProcoreEnvironmentProps {
    const { name, domain, secrets, policyStatements, vpc, ...options } = environment;
    return {
      procoreEnvironment: name,
      ...options,
      ...(domain && {
        domainName: domain.name,
        domainInUse: domain.inUse,
        certificate: Certificate.fromCertificateArn(this, `${pascalCase(name)}Certificate`, domain.certificateArn),
      }),
      ...(secrets && { secrets: this.#secretsOf(name, secrets) }),
      ...(policyStatements && {
        policyStatements: policyStatements.map((statement) => PolicyStatement.fromJson(statement)),
      }),
      ...(vpc && this.#networkOf(name, vpc)),
    };
  }

  #secretsOf(environment: ProcoreEnvironmentName, secrets: Readonly<Record<string, string>>): Record<string, ISecret> {
    const entries = Object.entries(secrets).map(([name, id]): [string, ISecret] => {
      const construct = `${pascalCase(environment)}Secret-${name}`;
      return [
        name,
        isSecretArn(id)
          ? Secret.fromSecretCompleteArn(this, construct, id)
          : Secret.fromSecretNameV2(this, construct, id),
      ];
    });
    return Object.fromEntries(entries);
  }

  #networkOf(environment: ProcoreEnvironmentName, { vpcId, subnetIds, securityGroupIds }: VpcSetting) {
    const name = pascalCase(environment);
    // Of ids alone neither zones nor routes are known, and a function needs to know neither.
    const vpc = Vpc.fromVpcAttributes(this, `${name}Vpc`, {
      vpcId,
      availabilityZones: ['unknown'],
      privateSubnetIds: [...subnetIds],
    });
    Annotations.of(vpc).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId');
    warnOfUnknownRoutes(this);
    const securityGroups = securityGroupIds.map((id) => SecurityGroup.fromSecurityGroupId(this, `${name}-${id}`, id));
    return { vpc, securityGroups };
  }
}

/** What of the account is an environment's, as the props of its construct. */
function shareOf(environment: ProcoreEnvironmentName, plan: ConcurrencyPlan | undefined) {
  const share = plan?.environments.find(({ name }) => name === environment);
  if (share === undefined) return {};
  const { worker, accessTokenCalls, rotation, recovery, companyWork } = share;
  const concurrency = { accessTokenCalls, rotation, recovery, companyWork };
  return { ...(worker > 0 && { workerConcurrency: worker }), concurrency };
}
