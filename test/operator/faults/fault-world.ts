import { fileURLToPath } from 'node:url';
import { DeleteItemCommand, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Place } from '../../../functions/place.ts';
import { bundleWorker } from '../../../lib/cloud/bundle/bundle.ts';
import type { LocalEnvironment, LocalSystem } from '../../../lib/local/local-system.ts';
import { Person } from '../../../lib/local/person.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { findDeployment } from '../../../lib/operator/deployment.ts';
import { placeOf } from '../../../lib/operator/place.ts';
import type { ProcoreStandInControl } from '../../../lib/procore-stand-in/control.ts';
import type { TableOutput } from '../../../lib/stack-outputs.ts';
import type { Ran } from '../operator.ts';
import { forgetRateBudgets } from '../rate-budgets.ts';

/** The company that has a subscription, and its project with RFIs. */
export const [company, project] = ['5358233', '23498237'];
/** Another one, which nobody has subscribed to at first. */
export const otherCompany = '562949953421312345';
/** The connection that serves the company. */
export const connectionId = 'acme';

/** The queues into which something can be put that nobody can read. */
type Queue = 'EventsDeadLetter' | 'Quarantine' | 'RotationDeadLetter' | 'Escrow';

/** What `procore status` says of the sandbox. */
export interface Status {
  readonly exitCode: number;
  /** The worst first. */
  readonly problems: readonly {
    readonly code: string;
    readonly urgency: string;
    readonly what: string;
    readonly remedy: string;
  }[];
}

/** A local system in which faults are planted and mended. */
export type FaultWorld = Awaited<ReturnType<typeof makeFaultWorld>>;

/**
 * Connects an account of a local system, subscribes to a company, and has the worker run a file that misbehaves when it is
 * told to.
 *
 * @param procore runs the command line against the system
 */
export async function makeFaultWorld(
  system: LocalSystem,
  sandbox: LocalEnvironment,
  procore: (argv: readonly string[]) => Promise<Ran>,
) {
  const options = clientOptions(system.aws);
  const dynamo = new DynamoDBClient(options);
  const secrets = new SecretsManagerClient(options);
  const sqs = new SQSClient(options);
  const standIn = controlOf(sandbox);
  const misbehaving = await bundleWorker(fileURLToPath(new URL('misbehaving-on-event.ts', import.meta.url)));

  /** Sets attributes of an item of a table, and removes those that are undefined. */
  async function set(table: TableOutput, key: Record<string, string>, attributes: Record<string, unknown>) {
    const names = Object.keys(attributes);
    const part = (word: string, isPart: (value: unknown) => boolean, write: (index: number) => string) => {
      const chosen = names.flatMap((name, index) => (isPart(attributes[name]) ? [write(index)] : []));
      return chosen.length === 0 ? '' : `${word} ${chosen.join(', ')} `;
    };
    const isGone = (value: unknown) => value === undefined;
    const values = Object.entries(attributes).flatMap(([, value], index) =>
      isGone(value) ? [] : [[`:v${index}`, value] as const],
    );
    await dynamo.send(
      new UpdateItemCommand({
        TableName: sandbox.tables[table],
        Key: marshall(key),
        UpdateExpression:
          part(
            'SET',
            (value) => !isGone(value),
            (index) => `#n${index} = :v${index}`,
          ) + part('REMOVE', isGone, (index) => `#n${index}`),
        ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
        ...(values.length > 0 && { ExpressionAttributeValues: marshall(Object.fromEntries(values)) }),
      }),
    );
  }
  const connection = (attributes: Record<string, unknown>) => set('Connections', { connectionId }, attributes);

  /** Lets the account be connected by a person in a browser. */
  async function connect(id = connectionId): Promise<void> {
    const { out, err } = await procore(['connect', id, '--environment', 'sandbox', '--no-wait']);
    if (out === '') throw new Error(`There is no link: ${err}`);
    await allow(out.trim());
  }

  /** Asks `procore status`. */
  async function status(): Promise<Status> {
    const ran = await procore(['status', 'sandbox', '--json']);
    const { environments } = ran.json() as { readonly environments: readonly [Omit<Status, 'exitCode'>] };
    return { exitCode: ran.exitCode, problems: environments[0].problems };
  }

  return {
    ...{ system, sandbox, standIn, status, dynamo, set, connection, connect, procore },
    now: () => Math.floor(Date.now() / 1000),
    place: () => placeIn(system),

    /** Takes an item away. */
    remove: (table: TableOutput, key: Record<string, string>) =>
      dynamo.send(new DeleteItemCommand({ TableName: sandbox.tables[table], Key: marshall(key) })),

    /** Puts the connection back as it was. */
    healConnection() {
      const at = Math.floor(Date.now() / 1000);
      const times = { expiresAt: at + 5000, rotateAt: at + 4000, notBefore: undefined };
      return connection({
        status: 'connected',
        ...times,
        companiesCount: 2,
        failure: undefined,
        cause: undefined,
        attempt: undefined,
      });
    },

    /** Lets a token set be of an age at which it may be replaced. */
    age: () => connection({ issuedAt: Math.floor(Date.now() / 1000) - 3600, notBefore: undefined }),

    /** Puts a message into a queue that nobody can read. */
    async send(queue: Queue, delaySeconds?: number) {
      const QueueUrl = sandbox.queues[queue];
      const fifo = String(QueueUrl).endsWith('.fifo') && {
        ...{ MessageGroupId: 'a', MessageDeduplicationId: `${Date.now()}` },
      };
      const MessageBody = 'nothing that can be read';
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...fifo, DelaySeconds: delaySeconds }));
    },
    purge: (queue: Queue) => sqs.send(new PurgeQueueCommand({ QueueUrl: sandbox.queues[queue] })),

    /** Stores a text in the place of the client id and secret. @returns what puts them back */
    async storeClient(text: string): Promise<() => Promise<unknown>> {
      const SecretId = sandbox.secrets.OauthClient;
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: text }));
      return () => secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
    },

    /** Has the integrator's file misbehave, for one company or for all; without a word it is well. */
    async misbehave(how?: 'permanent' | 'throws' | 'hangs', forCompany?: string) {
      await system.runWorkers(misbehaving);
      const whom = forCompany === undefined ? {} : { MISBEHAVES_FOR: forCompany };
      await system.giveWorkers(how === undefined ? {} : { MISBEHAVIOUR: how, ...whom });
    },

    /** Lets Procore report a change of a record. @returns the record's id */
    async happen(resourceName = 'RFIs'): Promise<string> {
      const [record] = standIn.records(resourceName, project);
      if (record === undefined) throw new Error(`There are ${resourceName} in the project.`);
      await standIn.changeRecord(resourceName, project, record.id);
      return record.id;
    },

    /** Lets Procore report a new record of the other company, to which a hook of its own listens. @returns the record's id */
    happenElsewhere(): Promise<string> {
      const [ofOther] = standIn.companies().find(({ id }) => id === otherCompany)?.projects ?? [];
      if (ofOther === undefined) throw new Error('The other company has a project.');
      const { webhookUrl: destinationUrl, webhookAuthorization: authorization } = sandbox;
      standIn.createHook({
        ...{ companyId: otherCompany, projectId: ofOther.id, payloadVersion: 'v4.0', namespace: 'ours' },
        ...{ destinationUrl, authorization, triggers: [{ resourceName: 'RFIs', eventType: 'create' }] },
      });
      return standIn.createRecord('RFIs', ofOther.id);
    },

    /** Lets the rate limit's window be over, which else a look in quick succession would spend. */
    async refresh() {
      await standIn.advance(11);
      await forgetRateBudgets(dynamo, sandbox.tables.RateBudget);
    },

    /** Subscribes the company to its RFIs. */
    subscribe: () =>
      procore([
        ...['webhooks', 'apply', '--environment', 'sandbox', '--company', company, '--connection', connectionId],
        ...['--resources', 'RFIs', '--projects', project],
      ]),

    destroy() {
      for (const client of [dynamo, secrets, sqs]) client.destroy();
    },
  };
}

/** Opens a connect link, and allows access at Procore. */
export async function allow(link: string): Promise<void> {
  const person = new Person();
  const allowed = await person.press(await person.press(await person.open(link), 'Connect to Procore'), 'Allow');
  if (allowed.html.includes('Use this company')) await person.press(allowed, 'Use this company');
}

function controlOf({ standIn }: LocalEnvironment): ProcoreStandInControl {
  if (standIn === undefined) throw new Error('There is a stand-in unless another Procore was given.');
  return standIn.control;
}

async function placeIn({ aws }: LocalSystem): Promise<Place> {
  const { environments } = await findDeployment({ stackName: 'Local', localEndpoint: aws });
  const found = environments.find(({ name }) => name === 'sandbox');
  if (found === undefined) throw new Error('There is a sandbox.');
  return placeOf(found);
}
