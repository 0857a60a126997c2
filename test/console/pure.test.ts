import { describe, expect, it } from 'vitest';
import type { ArrivedEvent } from '../../functions/webhook/ledger.ts';
import { outcomeChart } from '../../lib/console/chart.ts';
import { fixtureOf } from '../../lib/console/fixture.ts';
import { sections } from '../../lib/console/frame.ts';
import { createLookout } from '../../lib/console/lookout.ts';
import { markup } from '../../lib/console/markup.ts';
import { mendingOf } from '../../lib/console/mended-by.ts';
import { allMinutes, countedSince, countMinutes } from '../../lib/console/outcomes.ts';
import { createPageConcealer } from '../../lib/console/page-concealer.ts';
import { saidOf } from '../../lib/console/pages/hooks.ts';
import { problemCodes } from '../../lib/operator/status/problem.ts';
import { sampleEvent as eventOfKit } from '../../lib/testing/sample-event.ts';
import { sampleEvent } from '../webhook/sample-events.ts';

const now = 1_738_884_852;
const arrived = (arrivedAt: number, otherwise: Partial<ArrivedEvent> = {}): ArrivedEvent => ({
  ...{ event: sampleEvent(), arrivedAt, failures: 0 },
  ...otherwise,
});

async function* each<T>(entries: readonly T[]): AsyncGenerator<T> {
  yield* entries;
}

describe('a secret', () => {
  it('is in no page, also as HTML has it', () => {
    const { conceal, clean } = createPageConcealer();
    conceal('a&b<c>"d\'e');
    expect(clean(String(markup`<p title="${'a&b<c>"d\'e'}">a&b<c>"d'e</p>`))).toBe(
      '<p title="[concealed]">[concealed]</p>',
    );
  });
});

describe('what Procore says of hooks', () => {
  it('is in order only when it was asked and has answered', () => {
    const asked = { companies: 2, ofCompanies: 2, disabled: [] };
    expect(saidOf(asked)).toEqual({ ok: true, text: expect.stringContaining('2 of 2 companies: all are active') });
    expect(saidOf({ ...asked, companies: 0 })).toEqual({ ok: false, text: expect.not.stringContaining('active') });
    expect(saidOf({ ...asked, refused: { companies: 1, why: 'Error: 403' } })).toEqual({
      ok: false,
      text: expect.stringContaining('Of 1 more nothing was learned: Error: 403'),
    });
  });
});

describe('events over time', () => {
  it('are counted by the minute in which they arrived, and by what became of them', async () => {
    const since = countedSince(now);
    const minutes = await countMinutes(
      each([
        arrived(since),
        arrived(since + 59.9, { handledAt: since + 60, failures: 3 }),
        arrived(since + 60, { failures: 1 }),
        arrived(now, { handledAt: now }),
      ]),
      now,
    );
    expect(minutes).toHaveLength(60);
    expect(minutes.slice(0, 2)).toEqual([
      { at: since, handled: 1, failed: 0, waiting: 1 },
      { at: since + 60, handled: 0, failed: 1, waiting: 0 },
    ]);
    expect(minutes.at(-1)).toMatchObject({ handled: 1, at: Math.floor(now / 60) * 60 });
  });

  it('of CloudWatch are put among minutes in which nothing happened', () => {
    const minutes = allMinutes([{ at: countedSince(now) + 120, handled: 7, failed: 2 }], now);
    expect(minutes.filter(({ handled, failed }) => handled + failed > 0)).toEqual([
      { at: countedSince(now) + 120, handled: 7, failed: 2, waiting: 0 },
    ]);
  });

  it('are shown as bars and as a table with the same numbers', () => {
    const minutes = allMinutes([{ at: countedSince(now), handled: 3, failed: 1 }], now);
    const chart = String(outcomeChart(minutes, 'event', 'minutes'));
    expect(chart).toContain('aria-label="events of the last 60 minutes: 3 handled, 0 waiting, 1 failed"');
    expect(chart.match(/<rect /g)).toHaveLength(2);
    expect(chart).toContain('<td class="number">3</td><td class="number">0</td><td class="number">1</td>');
  });

  it('say that there are none, instead of an empty chart, and what would bring some', () => {
    const empty = String(outcomeChart(allMinutes([], now), 'event', 'minutes', markup`<a href="/x">Do this</a>`));
    expect(empty).toContain('No event in the last 60 minutes.');
    expect(empty).toContain('<a href="/x">Do this</a>');
    expect(empty).not.toMatch(/<svg|<table/);
  });

  it.each([
    [1, ['0', '1']],
    [4, ['0', '1', '2', '3', '4']],
    [12, ['0', '5', '10', '15']],
    [37, ['0', '10', '20', '30', '40']],
    [2001, ['0', '1000', '2000', '3000']],
  ])(
    'with %i in the fullest minute have the counts %j at the side, and quarters of an hour below',
    (handled, counts) => {
      const chart = String(
        outcomeChart(allMinutes([{ at: countedSince(now), handled, failed: 0 }], now), 'event', 'm'),
      );
      const texts = (look: string) =>
        [...chart.matchAll(new RegExp(`class="${look}"[^>]*>([^<]*)<`, 'g'))].map(([, text]) => text);
      expect(texts('count')).toEqual(counts);
      expect(texts('at')).toHaveLength(4);
      expect(texts('at').every((text) => /^\d\d:(00|15|30|45)$/.test(text ?? ''))).toBe(true);
    },
  );
});

describe('where a problem is mended', () => {
  it.each([...problemCodes, 'alarm_webhook-silence'] as const)(
    'is known of %s: a page that there is, or why there is none',
    (code) => {
      const mending = mendingOf(code);
      if ('elsewhere' in mending) expect(mending.elsewhere).toMatch(/\w.*\.$/);
      else expect(Object.keys(sections)).toContain(mending.path.split('?')[0]);
    },
  );
});

describe('the code of an event', () => {
  it('makes the same event in a test, whatever stands in it', () => {
    const event = sampleEvent({ resourceId: '9\'\\\n"`', userId: null });
    const code = fixtureOf(event).replace(/^import.*\n/, '');
    const made = new Function('sampleEvent', `${code}\nreturn event;`)(eventOfKit);
    expect(made).toMatchObject({ ...event });
  });
});

describe('a lookout', () => {
  it('looks once for all who ask at once, and again when what was seen is too old', async () => {
    let time = 0;
    let looks = 0;
    const lookout = createLookout(
      async () => {
        looks += 1;
        return looks;
      },
      () => 60,
      () => time,
    );
    expect(await Promise.all([lookout.current(), lookout.current()])).toEqual([1, 1]);
    time = 59;
    expect(await lookout.current()).toBe(1);
    time = 60;
    expect(await lookout.current()).toBe(2);
  });

  it('looks anew, with nothing of what was seen, once something was done; a look that began before does not count', async () => {
    const earlier: (number | undefined)[] = [];
    const ends: (() => void)[] = [];
    const lookout = createLookout(
      async (before: number | undefined) => {
        const look = earlier.push(before);
        await new Promise<void>((resolve) => ends.push(resolve));
        return look;
      },
      () => 60,
      () => 0,
    );
    const before = lookout.current();
    lookout.forget();
    const after = lookout.current();
    for (const end of ends) end();
    expect(await Promise.all([before, after, lookout.current()])).toEqual([1, 2, 2]);
    expect(earlier).toEqual([undefined, undefined]);
    lookout.forget();
    const last = lookout.current();
    ends.at(-1)?.();
    expect(await last).toBe(3);
    expect(earlier).toEqual([undefined, undefined, undefined]);
  });

  it('hands on what was seen before, and looks again after a look that failed', async () => {
    const earlier: (string | undefined)[] = [];
    const lookout = createLookout(
      async (before: string | undefined) => {
        earlier.push(before);
        if (earlier.length === 2) throw new Error('no network');
        return `look ${earlier.length}`;
      },
      () => 0,
      () => 0,
    );
    expect(await lookout.current()).toBe('look 1');
    await expect(lookout.current()).rejects.toThrow('no network');
    expect(await lookout.current()).toBe('look 3');
    expect(earlier).toEqual([undefined, 'look 1', 'look 1']);
  });
});
