import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { lifeChart } from '../../lib/console/life-chart.ts';
import { markup } from '../../lib/console/markup.ts';
import { addConnection, pathOfConnection } from '../../lib/console/pages/connection.ts';
import type { Routing } from '../../lib/console/routing.ts';
import { generationsOf } from '../../lib/operator/connection/generations.ts';
import type { ConnectionHistory } from '../../lib/operator/connection/picture.ts';
import { timelineOf } from '../../lib/operator/connection/timeline.ts';
import type { DeployedEnvironment, LogSelection } from '../../lib/operator/deployment.ts';
import type { StoredConnection } from '../../lib/operator/stored-connection.ts';
import { begin, lineOf } from '../operator/connection/lines.ts';

const now = begin + 1000;
const stored: StoredConnection = {
  ...{ connectionId: 'acme', environment: 'sandbox', grant: 'authorization_code', status: 'connected', generation: 3 },
  ...{
    issuedAt: begin + 200,
    expiresAt: begin + 5600,
    rotateAt: begin + 4200,
    environmentChecked: true,
    companyIds: [],
  },
  ...{ authorizedBy: { linkIssuedAt: begin }, createdAt: begin, updatedAt: begin },
};
const lines = [
  lineOf('connection.authorized', 0, { generation: 1 }),
  lineOf('rotation.replaced', 100, { generation: 2 }),
  lineOf('rotation.unknown', 150, { generation: 2, attemptNumber: 2 }),
  lineOf('rotation.replaced', 200, { generation: 3 }),
];

function historyOf(since: number): ConnectionHistory {
  const rows = timelineOf(lines, now);
  return { rows, generations: generationsOf(rows, stored), since, readSince: since, unread: [] };
}

describe('the life of a connection as a picture', () => {
  it('has a band a generation and a mark for all but notes, within its frame, and says the same in words', () => {
    const chart = String(lifeChart(historyOf(begin - 5000), now));
    expect(chart).toContain('3 generations, 3 times new tokens, 1 times trouble, 0 times end');
    const bands = [...chart.matchAll(/<rect class="band[^"]*" x="([\d.]+)%" y="40" width="([\d.]+)%"/g)];
    // One after another, from the first line to now, in their true proportions.
    expect(bands.map(([, x, width]) => [Number(x), Number(width)])).toEqual([
      [0, 10],
      [10, 10],
      [20, 80],
    ]);
    expect(chart.match(/class="band lasting"/g)).toHaveLength(1);
    // Those of the key are counted, too.
    expect(chart.match(/<circle /g)).toHaveLength(4);
    expect(chart.match(/<polygon /g)).toHaveLength(2);
  });

  it('is drawn of a moment, and of what began before it', () => {
    const alone = { ...historyOf(begin), rows: [], generations: generationsOf([], stored) };
    for (const at of [begin + 200, now]) {
      expect(String(lifeChart({ ...alone, readSince: at }, at))).not.toMatch(/NaN|Infinity|"-[\d.]+%/);
    }
  });
});

describe('the page of a connection on AWS', () => {
  const asked: LogSelection[] = [];
  const environment = {
    ...{ name: 'sandbox', stackName: 'Deployed', local: false, clients: {}, tableName: () => 'table' },
    readItem: async (_: string, { connectionId }: { readonly connectionId: string }) => ({ ...stored, connectionId }),
    async *readLogPages(_: string, selection: LogSelection) {
      asked.push(selection);
      yield [];
    },
  } as unknown as DeployedEnvironment;
  const app = new Hono();
  const said = {
    app,
    context: { clock: () => now, entrance: { formToken: 'token' }, selection: {} },
    place: async () => ({ environment }),
    page: async (request, made) => request.html(String(markup`${(await made).body}`)),
  } as Pick<Routing, 'app' | 'page'> as unknown as Routing;
  addConnection(said);
  const open = async (query: string) => (await app.request(`/s/Deployed/sandbox/connections/acme${query}`)).text();

  it('reads no log before somebody asks for it', async () => {
    for (const query of ['', '?days=', '?days=8', '?days=all']) {
      const html = await open(query);
      expect(html).toContain('Read the logs');
      expect(html).not.toContain('Timeline');
    }
    expect(asked).toEqual([]);
  });

  it('is found by its path, whatever the id', async () => {
    for (const id of ['acme', 'a:b', '.', '..', '...', '-', 'link', 'x'.repeat(128)]) {
      const path = new URL(pathOfConnection('/s/Deployed/sandbox', id), 'http://127.0.0.1').pathname;
      const html = await (await app.request(path)).text();
      expect(html).toContain(`aria-label="Minutes left of the token of ${id}"`);
    }
  });

  it('reads the logs as far back as is asked', async () => {
    expect(await open('?days=30')).toContain('0 lines of the log since');
    expect(Math.min(...asked.map(({ since }) => since))).toBe((now - 30 * 86_400) * 1000);
  });
});
