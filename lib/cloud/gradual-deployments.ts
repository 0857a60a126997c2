import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, type IMetric, MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { HandlerName } from '../handler-names.ts';
import { acknowledge } from './acknowledge.ts';
import type { ConnectorFunction } from './connector-function.ts';

/** The namespace of the one metric that only a deployment looks at, so that no dashboard or alarm of ours counts it. */
const metricNamespace = 'ProcoreConnector/Deployments';

/** What intake logs when it answers 503: no error of the function, and yet Procore stops sending for a while. */
const unavailableEvents = ['webhook.queue_unavailable', 'webhook.quarantine_unavailable'] as const;

export interface GradualDeploymentsProps {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  /** Those that are versioned get a deployment group each. */
  readonly functions: readonly ConnectorFunction[];
}

/**
 * Moves the alias `live` of an environment's versioned functions by CodeDeploy: a tenth of the calls go to the new
 * version for 5 minutes, then all of them. When the new version fails meanwhile the alias goes back, and CloudFormation
 * rolls the whole deployment back.
 *
 * It looks at failures of the new version alone. An alarm about the business (a queue that is old, a subscription that
 * is inactive) may ring because of what the deployment repairs, and would keep the repair out.
 *
 * @see [Deploying serverless applications gradually](https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/automating-updates-to-serverless-apps.html)
 */
export class GradualDeployments extends Construct {
  constructor(scope: Construct, id: string, { procoreEnvironment, functions }: GradualDeploymentsProps) {
    super(scope, id);
    // Given, since nobody has said that CloudFormation shortens what it would generate to CodeDeploy's 100 characters.
    const applicationName = `${Stack.of(this).stackName}-${procoreEnvironment}`;
    const application = new LambdaApplication(this, 'Application', { applicationName });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codedeploy.amazonaws.com') });
    acknowledge(role, {
      id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
      reason:
        'AWS keeps in this policy what CodeDeploy needs to move an alias, and CodeDeploy alone may take the role.',
    });
    const folder = `${Stack.of(this).stackName}/${procoreEnvironment}/new-version`;
    for (const connectorFunction of functions) {
      const { name, live } = connectorFunction;
      if (live === undefined) continue;
      const alarm = new Alarm(this, `${name}-failing`, {
        alarmName: `${folder}/${name}`,
        alarmDescription:
          `The version of ${name} that was deployed last fails. During a deployment this rolls it back; at any other ` +
          'time it tells nobody, since the other alarms of this environment do.',
        metric: this.#failuresOf(connectorFunction, live, procoreEnvironment),
        threshold: 1,
        // Two minutes, so that a single accident does not turn a good deployment back.
        evaluationPeriods: 5,
        datapointsToAlarm: 2,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      new LambdaDeploymentGroup(this, name, {
        application,
        deploymentGroupName: name,
        role,
        alias: live,
        deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
        alarms: [alarm],
        autoRollback: { deploymentInAlarm: true, failedDeployment: true, stoppedDeployment: true },
      });
    }
  }

  /** What the newest version alone does wrong, a minute. */
  #failuresOf(connectorFunction: ConnectorFunction, live: Alias, environment: ProcoreEnvironmentName): IMetric {
    const errors = errorsOf(connectorFunction, live);
    if (connectorFunction.name !== ('webhook-intake' satisfies HandlerName)) return errors;
    return new MathExpression({
      expression: 'FILL(errors, 0) + FILL(unavailable, 0)',
      usingMetrics: { errors, unavailable: this.#unavailableAnswersOf(connectorFunction, environment) },
      period: Duration.minutes(1),
    });
  }

  /** Counts the answers 503 of one version of intake, by its log: the access log does not know which version answered. */
  #unavailableAnswersOf({ lambda, logGroup }: ConnectorFunction, environment: ProcoreEnvironmentName): Metric {
    const event = unavailableEvents.map((each) => `$.event = "${each}"`).join(' || ');
    const filter = new MetricFilter(this, 'Unavailable', {
      logGroup,
      filterPattern: FilterPattern.literal(`{ (${event}) && $.version = "${lambda.currentVersion.version}" }`),
      metricNamespace,
      // The stack's name, since two stacks of an account may serve the same environment.
      metricName: `${Stack.of(this).stackName}/${environment}/webhookUnavailable`,
      metricValue: '1',
    });
    return filter.metric({ statistic: 'Sum', period: Duration.minutes(1) });
  }
}

/**
 * Errors of one version, as called by the alias.
 *
 * The name of the alias is put together here: with a reference to the alias the alarm would wait for it, and the alias
 * waits for the alarm.
 *
 * @see [Lambda's dimensions](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html)
 */
function errorsOf({ lambda }: ConnectorFunction, { aliasName }: Alias): Metric {
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensionsMap: {
      FunctionName: lambda.functionName,
      Resource: `${lambda.functionName}:${aliasName}`,
      ExecutedVersion: lambda.currentVersion.version,
    },
    statistic: 'Sum',
    period: Duration.minutes(1),
  });
}
