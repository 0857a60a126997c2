// All of test/troubleshooting on two running products in place of five. In each stands last what leaves the account or its
// client unusable, and what reconciles a company, or is refused as a client, is there once: both are not repeated at once.
import { describe } from 'vitest';
import { runningProduct } from '../troubleshooting/running-product.ts';

const products = [
  ['webhooks', 'requests', 'authentication'],
  ['access', 'sandbox'],
];

describe.each(products.map((files) => [files.join(', '), files] as const))('on one product: %s', (_, files) => {
  // From the first file's tests to the last one's.
  runningProduct();
  describe.each(files)('%s', async (file) => {
    await import(`../troubleshooting/${file}.test.ts`);
  });
});
