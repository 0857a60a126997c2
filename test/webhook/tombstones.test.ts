import { describe, expect, it } from 'vitest';
import { acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { recoverDeliveries } from '../../functions/webhook/recover-deliveries.ts';
import { erasedCompanies } from '../../functions/webhook/tombstones.ts';
import { unlessErased } from '../../functions/webhook/unless-erased.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { longSlice } from './round.ts';
import { recordingObserver, sampleTime } from './sample-events.ts';
import { received, workerWorld } from './worker-world.ts';

const isErased = async (companyId: string) => companyId === '8089';
const delivery = (companyId: string) => ({
  ...{ id: '01JMYXMZRBVKK0PC6XS8SA4QRE', reason: 'update', resource_type: 'RFIs', resource_id: '1' },
  ...{ company_id: companyId, timestamp: new Date((sampleTime - 3600) * 1000).toISOString() },
});

describe('the tombstone of a company', () => {
  it('is read once a minute and company, and says no while it cannot be read, which is not remembered', async () => {
    const time = { now: 0 };
    const observer = recordingObserver();
    let reads = 0;
    let isOut = false;
    const ask = erasedCompanies({
      store: {
        async read(companyId) {
          reads += 1;
          if (isOut) throw new Error('out of order');
          return (await isErased(companyId)) ? { erasedAt: 1 } : undefined;
        },
      },
      clock: () => time.now,
      observer,
    });
    expect(await Promise.all([ask('8089'), ask('8089'), ask('77'), ask('77')])).toEqual([true, true, false, false]);
    expect(reads).toBe(2);
    time.now = 60;
    isOut = true;
    expect(await ask('8089')).toBe(false);
    expect(observer.notes).toContainEqual(['tombstone.unread', expect.objectContaining({ companyId: '8089' })]);
    isOut = false;
    expect(await ask('8089')).toBe(true);
  });

  it('lets intake acknowledge a delivery and keep nothing of it', async () => {
    const observer = recordingObserver();
    const [queue, ledger] = [memoryEventQueue(() => sampleTime), memoryLedger(() => sampleTime)];
    const dependencies = { queue, ledger, quarantine: memoryQuarantine(() => sampleTime), isErased, observer };
    const accept = (companyId: string) =>
      acceptDelivery(Buffer.from(JSON.stringify(delivery(companyId))), {
        ...{ environment: 'sandbox', clock: () => sampleTime },
        ...dependencies,
      });
    expect(await accept('8089')).toBe('erased');
    expect(queue.messages).toEqual([]);
    expect(await ledger.find('01JMYXMZRBVKK0PC6XS8SA4QRE')).toBeUndefined();
    expect(observer.notes).toContainEqual(['webhook.erased', { eventId: '01JMYXMZRBVKK0PC6XS8SA4QRE' }]);
    expect(await accept('80891')).toBe('accepted');
  });

  it('lets the recovery of lost deliveries pass over what is erased', async () => {
    const lost = [{ id: 'd1', status: 'failed', payload: delivery('8089') }] as never;
    const recovery = await recoverDeliveries(
      lost,
      [],
      async () => 'erased',
      () => true,
    );
    expect(recovery).toEqual({ discarded: 0, recovered: 0, setAside: [], incomplete: false });
  });

  it('lets the worker drop an event unhandled and write nothing', async () => {
    const world = workerWorld({ isErased });
    const failed = await world.work(
      received({ id: 'gone', companyId: '8089' }),
      received({ id: 'kept', companyId: '77' }),
    );
    expect(failed).toEqual([]);
    expect(world.ids()).toEqual(['kept']);
    expect(world.observer.notes).toContainEqual(['event.erased', { eventId: 'gone' }]);
    expect(await world.ledger.find('gone')).toBeUndefined();
  });

  it('ends a job that is due in place of working it', async () => {
    const worked: string[] = [];
    const kind = unlessErased(isErased, {
      async work({ job }) {
        worked.push(job.companyId);
        return { outcome: 'again', nextAt: 1 };
      },
    });
    expect(await kind.work(longSlice('8089'))).toEqual({ outcome: 'done' });
    expect(await kind.work(longSlice('77'))).toEqual({ outcome: 'again', nextAt: 1 });
    expect(worked).toEqual(['77']);
  });
});
