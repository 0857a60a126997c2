import { Annotations, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import type { IConnectable } from 'aws-cdk-lib/aws-ec2';
import { Effect, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { shown, wrongValue } from '../configuration-error.ts';
import type { ConnectorFunction, FunctionNetwork } from './connector-function.ts';
import { checkEnvironmentSize } from './environment-size.ts';
import { allowedHandlerSettings, faultOfSecretName, faultOfStatements, isNameOfOurSecret } from './handler-settings.ts';
import { Secrets } from './secrets.ts';
import type { Tables } from './tables.ts';

/** What the integrator's code has of its own. */
export interface HandlerBelongings {
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, ISecret>>;
  readonly policyStatements: readonly PolicyStatement[];
}

/** What of ours stays out of the integrator's reach, whatever is granted. */
export interface OutOfReach {
  readonly secrets: Secrets;
  readonly tables: Tables;
}

/** The integrator's code in our worker: its variables, secrets and rights. */
export class EventHandler {
  readonly #worker: ConnectorFunction;
  readonly #outOfReach: OutOfReach;
  #isGuarded = false;

  /** @throws ConfigurationError for a secret of ours, or a statement that IAM or we do not take */
  constructor(worker: ConnectorFunction, belongings: HandlerBelongings, outOfReach: OutOfReach) {
    this.#worker = worker;
    this.#outOfReach = outOfReach;
    for (const [name, value] of Object.entries(belongings.environment)) worker.lambda.addEnvironment(name, value);
    this.#grantSecrets(belongings.secrets);
    this.#allow(belongings.policyStatements);
    checkEnvironmentSize(worker.lambda);
  }

  /** Who the integrator's code is to IAM and, in a VPC, to security groups. Whatever it is granted, ours stays closed. */
  get grantee(): IGrantable & IConnectable {
    this.#guard();
    return this.#worker.lambda;
  }

  #grantSecrets(secrets: Readonly<Record<string, ISecret>>): void {
    const entries = Object.entries(secrets);
    if (entries.length === 0) return;
    for (const [name, secret] of entries) {
      refuseOurs(name, secret);
      secret.grantRead(this.#worker.role);
    }
    this.#guard();
    const ids = entries.map(([name, secret]) => [name, secret.secretFullArn ?? secret.secretName]);
    this.#worker.set('ownSecrets', Stack.of(this.#worker).toJsonString(Object.fromEntries(ids)));
  }

  #allow(statements: readonly PolicyStatement[]): void {
    if (statements.length === 0) return;
    // JavaScript, where no compiler says it, may give what cdk.json takes.
    const other = statements.find((statement) => typeof statement?.toJSON !== 'function');
    if (other !== undefined) throw wrongValue('policyStatements', other, 'a list of new PolicyStatement({ … })');
    const fault = faultOfStatements(statements.map((statement) => statement.toJSON()));
    if (fault !== undefined) {
      const [first] = statements;
      throw wrongValue('policyStatements', first?.toJSON(), allowedHandlerSettings.policyStatements, fault);
    }
    for (const statement of statements) this.#worker.role.addToPrincipalPolicy(statement);
    this.#guard();
  }

  /** Refuses what is ours to the worker's role, whatever a statement that somebody adds may allow. */
  #guard(): void {
    if (this.#isGuarded) return;
    this.#isGuarded = true;
    const { secrets, tables } = this.#outOfReach;
    const stack = Stack.of(this.#worker);
    const anywhere = { region: '*', account: '*' };
    // Those of the other environment, and of other stacks, are known by their names alone.
    const secretsNamed = (name: string) =>
      stack.formatArn({
        ...{ ...anywhere, service: 'secretsmanager', resource: 'secret', resourceName: `*Secrets${name}????????-*` },
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const tablesNamed = (name: string) =>
      stack.formatArn({ ...anywhere, service: 'dynamodb', resource: 'table', resourceName: `*Tables${name}????????*` });
    const refuse = (actions: string[], resources: string[]) =>
      this.#worker.role.addToPrincipalPolicy(new PolicyStatement({ effect: Effect.DENY, actions, resources }));
    refuse(
      ['secretsmanager:*'],
      [
        ...[secrets.oauthClient.secretArn, secrets.webhookAuthorization.secretArn],
        ...['OauthClient', 'WebhookAuthorization'].map(secretsNamed),
      ],
    );
    // The asterisk means indexes, and backups, which could be restored into a table of another name.
    const own = [tables.connections, tables.authorizations].map(({ tableArn }) => tableArn);
    refuse(
      ['dynamodb:*'],
      [...own, ...own.map((arn) => `${arn}/*`), ...['Connections', 'Authorizations'].map(tablesNamed)],
    );
  }
}

/** @throws ConfigurationError */
function refuseOurs(name: string, secret: ISecret): void {
  const refuse = (fault: string): never => {
    throw wrongValue(
      'secrets',
      name,
      'secrets of your own in Secrets Manager, by the names that on-event.ts asks for',
      fault,
    );
  };
  const fault = faultOfSecretName(name);
  if (fault !== undefined) refuse(fault);
  // JavaScript, where no compiler says it, may give what cdk.json takes.
  if (typeof secret?.grantRead !== 'function') {
    refuse(`it is ${shown(secret)}, which is no ISecret: take Secret.fromSecretNameV2 or Secret.fromSecretCompleteArn`);
  }
  const isOurs = secret.node.scopes.some((scope) => scope instanceof Secrets);
  const { secretArn } = secret;
  if (
    isOurs ||
    (!Token.isUnresolved(secretArn) && isNameOfOurSecret(secretArn)) ||
    isNameOfOurSecret(String(secret.secretName))
  ) {
    refuse("it is a secret of ours: on-event.ts gets access tokens by its context's procore, and never our secrets");
  }
}

/** What the worker calls, outside the VPC. */
const outside = 'DynamoDB, SQS, Lambda, Secrets Manager and Procore on the internet';

/** Warns where the worker's subnets are known to have no way out, or nothing is known of it. */
export function warnOfDeadEnd(worker: ConnectorFunction, { vpc, vpcSubnets }: FunctionNetwork): void {
  const { subnetIds, isPendingLookup } = vpc.selectSubnets(vpcSubnets);
  if (isPendingLookup === true) return;
  const within = (subnets: readonly { readonly subnetId: string }[]) => {
    const ids = new Set(subnets.map(({ subnetId }) => subnetId));
    return subnetIds.filter((id) => ids.has(id));
  };
  const [closed, open] = [within(vpc.isolatedSubnets), within(vpc.privateSubnets)];
  if (closed.length > 0) {
    Annotations.of(worker).addWarningV2(
      'procore-connector:cut-off',
      `The worker would run in isolated subnets and could not reach ${outside}: every event would fail. Endpoints of the ` +
        'VPC do not lead to Procore. Choose subnets with a route to a NAT gateway (SubnetType.PRIVATE_WITH_EGRESS).',
    );
  } else if (open.length < subnetIds.length) warnOfUnknownRoutes(worker);
}

/** Says what the subnets of a VPC of which nothing is known but ids must have. */
export function warnOfUnknownRoutes(worker: ConnectorFunction | Stack): void {
  Annotations.of(worker).addWarningV2(
    'procore-connector:unknown-routes',
    `The routes of the worker's subnets are not known here. It must reach ${outside}: give each subnet a route to a NAT ` +
      'gateway, and let the security groups out to port 443. A public subnet does not do: Lambda gives no public address.',
  );
}
