import { describe, expect, it } from 'vitest';
import { createLogs } from '../../../lib/local/aws/logs.ts';

/** Logs of one group, whose lines are written a second apart. */
function logsOf(...texts: readonly string[]) {
  let now = 0;
  const logs = createLogs(() => now);
  for (const text of texts) {
    now += 1000;
    logs.take('group', { functionName: 'worker', stream: 'stdout', text });
  }
  return (parameters: object) => {
    const { events } = Object(logs.answer('FilterLogEvents', { logGroupName: 'group', ...parameters }));
    return Array.from(events, (event) => Object(event).message);
  };
}

const line = (connectionId: unknown) => JSON.stringify({ event: 'rotation.claimed', connectionId });

describe('the local logs', () => {
  it('give the lines of a time, both ends included', () => {
    const read = logsOf('one', 'two', 'three');
    expect(read({ startTime: 2000 })).toEqual(['two', 'three']);
    expect(read({ endTime: 2000 })).toEqual(['one', 'two']);
    expect(read({ startTime: 2000, endTime: 2000 })).toEqual(['two']);
  });

  it('give lines with a term, or with a value in a field of their JSON', () => {
    const read = logsOf(line('acme'), line('acme-2'), line(['acme']), 'acme', 'null', line('a:b.c'));
    expect(read({ filterPattern: '"acme"' }).length).toBe(4);
    expect(read({ filterPattern: '{ $.connectionId = "acme" }' })).toEqual([line('acme')]);
    expect(read({ filterPattern: '{ $.connectionId = "a:b.c" }' })).toEqual([line('a:b.c')]);
    expect(read({ filterPattern: '{ $.toString = "acme" }' })).toEqual([]);
  });

  it.each(['acme', '{ $.connectionId = "ac*" }', '{ $.a.b = "acme" }', '{ $.a = "b" && $.c = "d" }', '%acme%'])(
    'refuse %s, whose meaning they do not know',
    (filterPattern) => {
      expect(() => logsOf('acme')({ filterPattern })).toThrow('The local logs know FilterLogEvents');
    },
  );
});
