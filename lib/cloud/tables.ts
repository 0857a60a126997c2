import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { dueIndex, type Setting, timeToLiveAttribute } from '../../functions/settings.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { EncryptionKey } from './encryption-key.ts';

export interface TablesProps {
  readonly encryptionKey: EncryptionKey;
}

/** One environment's tables, one a port, so that least privilege is by table. */
export class Tables extends Construct {
  readonly connections: Table;
  readonly authorizations: Table;
  readonly deliveries: Table;
  readonly #encryptionKey: EncryptionKey;

  constructor(scope: Construct, id: string, { encryptionKey }: TablesProps) {
    super(scope, id);
    this.#encryptionKey = encryptionKey;
    const common = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: encryptionKey.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
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
    this.deliveries = new Table(this, 'Deliveries', expiring);
  }

  /** Lets a function read and write connections; none deletes one. */
  grantConnections(connectorFunction: ConnectorFunction): void {
    this.#grant(connectorFunction, this.connections, 'connectionsTable', ['GetItem', 'PutItem', 'UpdateItem']);
  }

  /** Lets a function ask which connections are due, and read nothing else of them. */
  grantDueConnections(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('connectionsTable', this.connections.tableName);
    connectorFunction.allow(['dynamodb:Query'], [`${this.connections.tableArn}/index/${dueIndex.name}`]);
    this.#encryptionKey.grantThrough('dynamodb', connectorFunction, 'read');
  }

  /** Lets a function read, write and delete links, states and results of authorizations. */
  grantAuthorizations(connectorFunction: ConnectorFunction): void {
    const actions = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'];
    this.#grant(connectorFunction, this.authorizations, 'authorizationsTable', actions);
  }

  /** Lets a function read and write the ledger of deliveries. */
  grantDeliveries(connectorFunction: ConnectorFunction): void {
    this.#grant(connectorFunction, this.deliveries, 'deliveriesTable', ['GetItem', 'PutItem', 'UpdateItem']);
  }

  #grant(connectorFunction: ConnectorFunction, table: Table, setting: Setting, actions: string[]): void {
    connectorFunction.set(setting, table.tableName);
    const qualified = actions.map((action) => `dynamodb:${action}`);
    connectorFunction.allow(qualified, [table.tableArn]);
    this.#encryptionKey.grantThrough('dynamodb', connectorFunction, 'write');
  }
}
