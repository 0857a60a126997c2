import { beforeAll, describe, expect, test } from 'vitest';
import { byMinute, type Samples } from './alarm-evaluation.ts';
import { type AlarmHistory, alarmHistory } from './alarm-history.ts';
import { type Reports, type Scenario, scenarios, silent } from './alarm-scenarios.ts';
import { synthesize } from './synthesized.ts';

/** For how many minutes after the beginning of the trouble the alarms are watched. */
const watchedMinutes = 240;

let history: AlarmHistory;
beforeAll(() => {
  // Two environments: the trouble of one must not fire the alarms of the other.
  history = alarmHistory(synthesize({ environments: 'sandbox,production', monitoring: 'full' }), watchedMinutes);
});
const changesOf = (samples: Samples, options?: Parameters<AlarmHistory['changesOf']>[1]) =>
  history.changesOf(samples, options);
const samplesOf = (reports: Reports) => history.samplesOf(reports);

const cases = <Key extends 'fires' | 'stays'>(key: Key) =>
  Object.entries(scenarios).flatMap(([id, scenario]) =>
    scenario[key].map((reports) => [id, Object.keys(reports).join(', '), scenario, reports] as const),
  );

function firesAndEnds(id: string, { after, ends, pages }: Pick<Scenario, 'after' | 'ends' | 'pages'>): string[] {
  const names = [id, ...(pages ? ['page'] : [])].map((name) => `ProcoreConnector/sandbox/${name}`);
  return [
    ...names.map((name) => `${after} ${name} ALARM`), //
    ...names.map((name) => `${ends} ${name} OK`),
  ];
}

describe('the alarms of the template', () => {
  test('have a scenario each', () => {
    const named = (environment: string) => Object.keys(scenarios).map((id) => `ProcoreConnector/${environment}/${id}`);
    const { alarms, composites } = history;
    const acting = alarms.filter(({ acts }) => acts).map(({ name }) => name);
    const others = composites.map(({ name }) => name).filter((name) => !name.endsWith('/page'));
    expect([...acting, ...others].sort()).toEqual([...named('sandbox'), ...named('production')].sort());
    expect(composites.filter(({ name }) => name.endsWith('/page')).map(({ name }) => name)).toEqual([
      'ProcoreConnector/sandbox/page',
      'ProcoreConnector/production/page',
    ]);
  });

  test('miss the sweep for as long as it is silent', () => {
    const changes = changesOf(samplesOf({ 'FunctionRotationSweep Invocations': silent(180) }));
    expect(changes).toEqual(firesAndEnds('rotation-sweep-silent', { after: 15, ends: 185, pages: true }));
  });

  test.each([
    ['whose sweep begins after two minutes', 2],
    ['whose sweep never begins', Number.POSITIVE_INFINITY],
  ])('say nothing of a first deployment %s', (_, from) => {
    // Minute by minute: a heartbeat that is armed too early would fire for a minute.
    const beats = byMinute(
      Array.from({ length: watchedMinutes }, (_, minute) => ({ minute, value: 1 })).filter(
        ({ minute }) => minute >= from,
      ),
    );
    const samples = new Map([
      [history.keyOf('FunctionRotationSweep Invocations'), beats],
      [history.keyOf('FunctionRotationSweep Invocations', 'production', 'Production'), beats],
    ]);
    for (const reversed of [false, true]) {
      expect(changesOf(samples, { step: 1, first: 'INSUFFICIENT_DATA', reversed })).toEqual([]);
    }
  });

  test('are all quiet while all is well', () => {
    expect(changesOf(samplesOf({}))).toEqual([]);
  });

  test.each(cases('fires'))('%s fires for %s in time, ends, and no other alarm fires', (id, _, scenario, reports) => {
    expect(changesOf(samplesOf(reports))).toEqual(firesAndEnds(id, scenario));
  });

  test.each(cases('stays'))('%s and all others stay quiet for %s', (_id, _metrics, _scenario, reports) => {
    expect(changesOf(samplesOf(reports))).toEqual([]);
  });
});
