import { Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import {
  arrivalIndex,
  attentionIndex,
  dueIndex,
  type Setting,
  subscriptionsKey,
  timeToLiveAttribute,
} from '../../functions/settings.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { retained } from './retained.ts';

/** What functions do with links and authorization sessions. */
export type AuthorizationAction = 'GetItem' | 'PutItem' | 'UpdateItem';

export interface TablesProps {
  readonly encryptionKey: EncryptionKey;
  /** Whether token sets that a reconnect replaced are revoked at once, not with the disconnect. */
  readonly revokeReplacedTokens: boolean;
}

/** One environment's tables, one a port, so that least privilege is by table. */
export class Tables extends Construct {
  readonly connections: Table;
  readonly authorizations: Table;
  readonly deliveries: Table;
  readonly subscriptions: Table;
  readonly rateBudget: Table;
  readonly #encryptionKey: EncryptionKey;
  readonly #revokeReplacedTokens: boolean;

  constructor(scope: Construct, id: string, { encryptionKey, revokeReplacedTokens }: TablesProps) {
    super(scope, id);
    this.#encryptionKey = encryptionKey;
    this.#revokeReplacedTokens = revokeReplacedTokens;
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
    this.connections.addGlobalSecondaryIndex({
      indexName: dueIndex.name,
      partitionKey: { name: dueIndex.partitionKey, type: AttributeType.STRING },
      sortKey: { name: dueIndex.sortKey, type: AttributeType.NUMBER },
      // Keys only: no token is copied into the index.
      projectionType: ProjectionType.KEYS_ONLY,
    });
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
    Validations.of(this.deliveries).acknowledge({
      id: 'AwsSolutions::AwsSolutions-DDB3',
      reason:
        'The table of deliveries is a ledger of 30 days. Without it events may be handled twice; no data is lost.',
    });
    this.deliveries.addGlobalSecondaryIndex({
      indexName: arrivalIndex.name,
      partitionKey: { name: arrivalIndex.partitionKey, type: AttributeType.STRING },
      sortKey: { name: arrivalIndex.sortKey, type: AttributeType.NUMBER },
      // Keys only: nothing but an event's first write touches the index.
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.deliveries.addGlobalSecondaryIndex({
      indexName: attentionIndex.name,
      partitionKey: { name: attentionIndex.partitionKey, type: AttributeType.STRING },
      sortKey: { name: attentionIndex.sortKey, type: AttributeType.NUMBER },
      // Sparse, and keys only: a failing event stays where it is until it is handled or dead.
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.subscriptions = new Table(this, 'Subscriptions', {
      ...common,
      partitionKey: { name: subscriptionsKey.partitionKey, type: AttributeType.STRING },
      sortKey: { name: subscriptionsKey.sortKey, type: AttributeType.STRING },
    });
    this.rateBudget = new Table(this, 'RateBudget', expiring);
  }

  /** Lets a function read and write connections; none makes or deletes one but by an update. */
  grantConnections(connectorFunction: ConnectorFunction): void {
    this.grantCompanyChoice(connectorFunction);
    connectorFunction.set('revokeReplacedTokens', String(this.#revokeReplacedTokens));
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

  /** Lets a function share Procore's rate limits and companies' pauses, and keep calls of Procore that failed. */
  grantRateBudget(connectorFunction: ConnectorFunction): void {
    const actions = ['GetItem', 'UpdateItem', 'DeleteItem'];
    this.#grant(connectorFunction, this.rateBudget, 'rateBudgetTable', actions);
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
