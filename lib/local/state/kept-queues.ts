// The package shows a server that listens on every interface, and the application without its persistence. The two parts
// that it is made of are taken from where they are; package.json pins the version.
import { PersistenceManager } from '../../../node_modules/fauxqs/dist/persistence.js';
import { S3Store } from '../../../node_modules/fauxqs/dist/s3/s3Store.js';
import { SnsStore } from '../../../node_modules/fauxqs/dist/sns/snsStore.js';
import { SqsStore } from '../../../node_modules/fauxqs/dist/sqs/sqsStore.js';

/**
 * Makes fauxqs's stores with queues that are kept in a folder, by its own persistence: messages with their receive counts,
 * times and order. What it remembers of deduplication for five minutes is not kept.
 *
 * @returns what `buildApp` takes, and what closes the file
 */
export function keptQueues(folder: string) {
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  const persistence = new PersistenceManager(folder);
  persistence.loadSqsAndSns(stores.sqsStore, stores.snsStore);
  stores.sqsStore.persistence = persistence;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = persistence;
  return { stores, close: () => persistence.close() };
}
