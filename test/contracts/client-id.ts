import { expect, it } from 'vitest';
import type { ClientIdStore } from '../../functions/oauth/client-id.ts';

/** What everything must do that keeps a client id; `makeStore` gives one that holds none. */
export function clientIdContract(makeStore: () => Promise<ClientIdStore>): void {
  it('knows none before one is written, and then the last one', async () => {
    const store = await makeStore();
    expect(await store.read()).toBeUndefined();
    await store.write('one');
    expect(await store.read()).toBe('one');
    await store.write('another');
    await store.write('another');
    expect(await store.read()).toBe('another');
  });
}
