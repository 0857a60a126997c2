import { describe, expect, it } from 'vitest';
import { deliveredCounter } from '../../functions/webhook/delivered.ts';
import { memoryDeliveredMarks } from '../memory/delivered-marks.ts';
import { type PortFaults, untilReturn } from '../memory/port.ts';
import { recordingObserver, sampleTime } from './sample-events.ts';

function setUp(faults?: PortFaults) {
  const time = { now: sampleTime };
  const marks = memoryDeliveredMarks(faults);
  const observer = recordingObserver();
  const count = deliveredCounter({ marks, clock: () => time.now, observer });
  async function deliver(events: number, projectId: string | null = '19', companyId = '8089') {
    for (let event = 0; event < events; event++) await untilReturn(() => count({ companyId, projectId }));
  }
  return { time, marks, observer, deliver };
}

describe('a hook that delivers', () => {
  it('is marked at its tenth event, and again after half an hour and ten more', async () => {
    const { time, marks, deliver } = setUp();
    await deliver(9);
    expect(marks.written).toEqual([]);
    await deliver(1);
    expect(marks.written).toEqual([{ companyId: '8089', projectId: '19', at: sampleTime }]);
    await deliver(500);
    time.now += 1799;
    await deliver(20);
    expect(marks.written).toHaveLength(1);
    time.now += 1;
    await deliver(10);
    expect(marks.written).toHaveLength(2);
  });

  it('is not marked for a few events, however long it goes on', async () => {
    const { time, marks, deliver } = setUp();
    for (let halfHour = 0; halfHour < 20; halfHour++) {
      await deliver(9);
      time.now += 1800;
    }
    expect(marks.written).toEqual([]);
  });

  it('is counted apart from those of other projects and companies, and from the company’s own', async () => {
    const { marks, deliver } = setUp();
    for (const [projectId, companyId] of [['1'], ['2'], [null], ['1', '9']] as const)
      await deliver(9, projectId, companyId);
    expect(marks.written).toEqual([]);
    await deliver(1, null);
    expect(marks.written).toEqual([{ companyId: '8089', projectId: null, at: sampleTime }]);
  });

  it('costs at most a tenth of a write an event, and no memory without end', async () => {
    const { marks, deliver } = setUp();
    for (let project = 0; project < 3000; project++) await deliver(1, String(project));
    // Those that were counted first are forgotten.
    await deliver(9, '0');
    expect(marks.written).toHaveLength(0);
    await deliver(1, '0');
    expect(marks.written).toHaveLength(1);
  });

  it('is delivered all the same when its mark cannot be written', async () => {
    const { marks, observer, deliver } = setUp(() => 'throttled');
    await deliver(10);
    expect(marks.written).toEqual([]);
    expect(observer.notes).toEqual([['webhook.delivered_unwritten', { errorName: 'ThrottlingException' }]]);
  });
});
