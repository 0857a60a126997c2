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
  const persistence = new KeptMessages(folder);
  persistence.loadSqsAndSns(stores.sqsStore, stores.snsStore);
  stores.sqsStore.persistence = persistence;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = persistence;
  return { stores, close: () => persistence.close() };
}

/**
 * fauxqs 2.4.1 writes what is given back (a visibility time-out of 0) with an empty receive count. Its own table refuses
 * that, and the message is in nobody's hands and in no queue until the next start. Nothing has to be written: the row
 * keeps its count, and what it says of somebody's hands is forgotten at each start anyway.
 */
class KeptMessages extends PersistenceManager {
  override updateMessageReady(): void {}
}
