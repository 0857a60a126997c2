import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { RateScope } from '../../functions/procore/rate-limit-scope.ts';
import {
  arrivalIndex,
  attentionIndex,
  dueIndex,
  jobsDueIndex,
  jobsKey,
  rateBudgetMark,
  restoredTableSuffix,
  type Setting,
  subscriptionsKey,
  timeToLiveAttribute,
} from '../../functions/settings.ts';
import { acknowledge } from './acknowledge.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { retained } from './retained.ts';

/** What functions do with links and authorization sessions. */
export type AuthorizationAction = 'GetItem' | 'PutItem' | 'UpdateItem';

export interface TablesProps {
  readonly encryptionKey: EncryptionKey;
  /** Whether token sets that a reconnect replaced are revoked at once, not with the disconnect. */
  readonly revokeReplacedTokens: boolean;
  /** What Procore counts its limits by; undefined where that is learned. */
  readonly rateLimitScope?: RateScope;
}

/** An index of keys, ordered by a number. */
function keysOnly(index: { readonly name: string; readonly partitionKey: string; readonly sortKey: string }) {
  return {
    indexName: index.name,
    partitionKey: { name: index.partitionKey, type: AttributeType.STRING },
    sortKey: { name: index.sortKey, type: AttributeType.NUMBER },
    projectionType: ProjectionType.KEYS_ONLY,
  };
}

/** One environment's tables, one a port, so that least privilege is by table. */
export class Tables extends Construct {
  readonly connections: Table;
  readonly authorizations: Table;
  readonly deliveries: Table;
  readonly subscriptions: Table;
  readonly rateBudget: Table;
  readonly jobs: Table;
  readonly #encryptionKey: EncryptionKey;
  readonly #revokeReplacedTokens: boolean;
  readonly #rateLimitScope: RateScope | undefined;

  constructor(scope: Construct, id: string, { encryptionKey, revokeReplacedTokens, rateLimitScope }: TablesProps) {
    super(scope, id);
    this.#encryptionKey = encryptionKey;
    this.#revokeReplacedTokens = revokeReplacedTokens;
    this.#rateLimitScope = rateLimitScope;
    const common = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: encryptionKey.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // No deletionProtection here: a first deployment that fails could not delete them. The deploy program switches it
      // on after success (lib/deploy/protect-tables.ts), and `verify` looks whether it is.
      removalPolicy: retained,
    };
    this.connections = new Table(this, 'Connections', {
      ...common,
      partitionKey: { name: 'connectionId', type: AttributeType.STRING },
    });
    // Keys only: no token is copied into the index.
    this.connections.addGlobalSecondaryIndex(keysOnly(dueIndex));
    const expiring = {
      ...common,
      partitionKey: { name: 'id', type: AttributeType.STRING },
      timeToLiveAttribute,
    };
    this.authorizations = new Table(this, 'Authorizations', expiring);
    // Nobody would restore a ledger of 30 days, and its backup would be a tenth of what it costs to keep.
    this.deliveries = new Table(this, 'Deliveries', {
      ...expiring,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
    });
    acknowledge(this.deliveries, {
      id: 'AwsSolutions::AwsSolutions-DDB3',
      reason:
        'The table of deliveries is a ledger of 30 days. Without it events may be handled twice; no data is lost.',
    });
    // Keys only: nothing but an event's first write touches the index.
    this.deliveries.addGlobalSecondaryIndex(keysOnly(arrivalIndex));
    // Sparse, and keys only: a failing event stays where it is until it is handled or dead.
    this.deliveries.addGlobalSecondaryIndex(keysOnly(attentionIndex));
    this.subscriptions = new Table(this, 'Subscriptions', {
      ...common,
      partitionKey: { name: subscriptionsKey.partitionKey, type: AttributeType.STRING },
      sortKey: { name: subscriptionsKey.sortKey, type: AttributeType.STRING },
    });
    this.rateBudget = new Table(this, 'RateBudget', expiring);
    this.jobs = new Table(this, 'Jobs', {
      ...common,
      partitionKey: { name: jobsKey.partitionKey, type: AttributeType.STRING },
      sortKey: { name: jobsKey.sortKey, type: AttributeType.STRING },
    });
    // Sparse, and keys only: a checkpoint is not copied into the index.
    this.jobs.addGlobalSecondaryIndex(keysOnly(jobsDueIndex));
  }

  /** Lets a function read and write connections; none makes or deletes one but by an update. */
  grantConnections(connectorFunction: ConnectorFunction): void {
    this.grantCompanyChoice(connectorFunction);
    connectorFunction.set('revokeReplacedTokens', String(this.#revokeReplacedTokens));
  }

  /** Lets a function see which authorization a connection has. It reads an item that has tokens, and needs none of them. */
  grantReadConnections(connectorFunction: ConnectorFunction): void {
    this.#grant(connectorFunction, this.connections, 'connectionsTable', ['GetItem'], 'read');
  }

  /** Lets a function read the table that was restored from the backup of connections, under the name that says so. */
  grantRestoredConnections(connectorFunction: ConnectorFunction): void {
    const restored = `${this.connections.tableArn}${restoredTableSuffix}`;
    connectorFunction.allow(['dynamodb:GetItem', 'dynamodb:Scan'], [restored]);
  }

  /** Lets a function note on a connection which company a person chose; it touches no token, though the table has them. */
  grantCompanyChoice(connectorFunction: ConnectorFunction): void {
    this.#grant(connectorFunction, this.connections, 'connectionsTable', ['GetItem', 'UpdateItem']);
  }

  /** Lets a function ask which connections are due, and read nothing else of them. */
  grantDueConnections(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('connectionsTable', this.connections.tableName);
    connectorFunction.allow(['dynamodb:Query'], [`${this.connections.tableArn}/index/${dueIndex.name}`]);
    this.#encryptionKey.grantTables(connectorFunction, 'read');
  }

  /** Lets a function do so much with links and authorization sessions; DynamoDB deletes them by their time to live. */
  grantAuthorizations(connectorFunction: ConnectorFunction, ...actions: AuthorizationAction[]): void {
    this.#grant(connectorFunction, this.authorizations, 'authorizationsTable', actions);
  }

  /** Lets a function read and write the ledger of deliveries. */
  grantDeliveries(connectorFunction: ConnectorFunction): void {
    this.#grant(connectorFunction, this.deliveries, 'deliveriesTable', ['GetItem', 'UpdateItem']);
  }

  /** Lets a function look up which connection serves a company. */
  grantReadSubscriptions(connectorFunction: ConnectorFunction): void {
    this.#grant(connectorFunction, this.subscriptions, 'subscriptionsTable', ['GetItem'], 'read');
  }

  /** Lets a function read all subscriptions and note what became of their hooks; it removes none. */
  grantKeepSubscriptions(connectorFunction: ConnectorFunction): void {
    // PutItem is what the release before needs while both are deployed; it goes with the next release.
    const actions = ['GetItem', 'PutItem', 'UpdateItem', 'Query'];
    this.#grant(connectorFunction, this.subscriptions, 'subscriptionsTable', actions);
  }

  /** Lets a function remove what the tables have of a company, and go through those that have no index by company. */
  grantErasure(connectorFunction: ConnectorFunction): void {
    const may = (table: Table, ...actions: string[]) =>
      connectorFunction.allow(
        actions.map((action) => `dynamodb:${action}`),
        [table.tableArn],
      );
    may(this.deliveries, 'DeleteItem', 'Scan');
    may(this.rateBudget, 'Scan');
    may(this.subscriptions, 'DeleteItem');
    may(this.jobs, 'DeleteItem', 'Query');
  }

  /** Lets a function share Procore's rate limits and companies' pauses, and keep calls of Procore that failed. */
  grantRateBudget(connectorFunction: ConnectorFunction): void {
    const actions = ['GetItem', 'UpdateItem', 'DeleteItem'];
    this.#grant(connectorFunction, this.rateBudget, 'rateBudgetTable', actions);
    if (this.#rateLimitScope !== undefined) connectorFunction.set('rateLimitScope', this.#rateLimitScope);
  }

  /**
   * Lets a function of the integrator's own count its calls with all others. Of what stands in the same table it may
   * neither read the calls that failed nor touch the pauses.
   */
  grantRateCounts(grantee: IGrantable): Grant {
    const counts = Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      resourceArns: [this.rateBudget.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${rateBudgetMark}*`] } },
    });
    return counts.combine(this.#encryptionKey.grantTablesTo(grantee, 'write'));
  }

  /** Lets a function work jobs, and begin them; it removes none. What it removes are ids of records that it knew. */
  grantJobs(connectorFunction: ConnectorFunction): void {
    this.#grant(connectorFunction, this.jobs, 'jobsTable', ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);
    connectorFunction.allow(['dynamodb:Query'], [`${this.jobs.tableArn}/index/${jobsDueIndex.name}`]);
  }

  /** Lets a principal of the integrator's begin jobs for companies with a subscription, and see how they stand. */
  grantBeginJobs(grantee: IGrantable): Grant {
    const may = (table: Table, ...actions: string[]) =>
      Grant.addToPrincipal({
        grantee,
        actions: actions.map((action) => `dynamodb:${action}`),
        resourceArns: [table.tableArn],
      });
    return may(this.subscriptions, 'GetItem')
      .combine(may(this.jobs, 'GetItem', 'PutItem', 'UpdateItem'))
      .combine(this.#encryptionKey.grantTablesTo(grantee, 'write'));
  }

  #grant(
    connectorFunction: ConnectorFunction,
    table: Table,
    setting: Setting,
    actions: string[],
    access: 'read' | 'write' = 'write',
  ): void {
    connectorFunction.set(setting, table.tableName);
    const qualified = actions.map((action) => `dynamodb:${action}`);
    connectorFunction.allow(qualified, [table.tableArn]);
    this.#encryptionKey.grantTables(connectorFunction, access);
  }
}
