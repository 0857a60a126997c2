import fc from 'fast-check';
import { expect, it } from 'vitest';
import { embeddedMetrics } from '../functions/embedded-metrics.ts';

function collecting() {
  const lines: string[] = [];
  const metrics = embeddedMetrics({
    namespace: 'Tested',
    print: (line) => lines.push(line),
    nowMs: () => 1_700_000_000_123,
  });
  metrics.setDimensions({ stack: 'One', environment: 'sandbox' });
  return { ...metrics, lines };
}

it('writes the metrics of an invocation in one line, and nothing for an invocation without any', () => {
  const { add, flush, lines } = collecting();
  flush();
  add('sweepDue', 3);
  add('escrowAgeSeconds', 0.5);
  add('sweepDue', 4);
  flush();
  flush();
  expect(lines).toEqual([
    '{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Tested","Dimensions":[["stack","environment"]],' +
      '"Metrics":[{"Name":"sweepDue","Unit":"Count"},{"Name":"escrowAgeSeconds","Unit":"Count"}]}]},' +
      '"stack":"One","environment":"sandbox","sweepDue":[3,4],"escrowAgeSeconds":0.5}',
  ]);
});

it('leaves out what is no number that CloudWatch takes', () => {
  const { add, flush, lines } = collecting();
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 361, -(2 ** 361)]) {
    add('sweepDue', value);
  }
  flush();
  expect(lines).toEqual([]);
});

it('has no line with more metrics or values than CloudWatch takes, and loses none', () => {
  const names = fc.integer({ min: 1, max: 250 }).map((number) => `metric${number}`);
  const taken = fc.double({ noNaN: true, min: -(2 ** 360), max: 2 ** 360 });
  const add = fc.tuple(fc.oneof(names, fc.constant('metric1')), taken);
  // Seldom, so that both limits are reached.
  const step = fc.oneof({ weight: 300, arbitrary: add }, { weight: 1, arbitrary: fc.constant('flush' as const) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 500, maxLength: 1500 }), (steps) => {
      const metrics = collecting();
      for (const step of steps) step === 'flush' ? metrics.flush() : metrics.add(...step);
      metrics.flush();
      const found = metrics.lines.flatMap((line) => {
        const { _aws, stack, environment, ...values } = JSON.parse(line);
        expect([line.length < 256 * 1024, stack, environment]).toEqual([true, 'One', 'sandbox']);
        const told = _aws.CloudWatchMetrics[0].Metrics.map(({ Name }: { readonly Name: string }) => Name);
        expect(told).toEqual(Object.keys(values));
        expect(told.length).toBeLessThanOrEqual(100);
        return told.flatMap((name: string) => {
          const all: readonly number[] = [values[name]].flat();
          expect(all.length).toBeLessThanOrEqual(100);
          return all.map((value) => `${name} ${value}`);
        });
      });
      const given = steps.flatMap((step) => (step === 'flush' ? [] : [`${step[0]} ${step[1]}`]));
      expect(found.toSorted()).toEqual(given.toSorted());
    }),
    { numRuns: 30 },
  );
});
