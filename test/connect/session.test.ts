import { describe, expect, it } from 'vitest';
import { hashOf } from '../../functions/connect/authorization-store.ts';
import { findLink, findSession } from '../../functions/connect/session.ts';
import { untilReturn } from '../memory/port.ts';
import { atProcore, connectFlow, startTime } from './connect-flow.ts';

describe('findLink', () => {
  async function aLink() {
    const flow = connectFlow();
    const linkHash = hashOf(new URL(await flow.newLink()).searchParams.get('link') ?? '');
    return { flow, linkHash, find: (hash: string) => untilReturn(() => findLink(flow.dependencies, hash)) };
  }

  it('tells a link that can start a session from one that expired or is unknown', async () => {
    const { flow, linkHash, find } = await aLink();
    expect(await find(hashOf('of another'))).toEqual({ outcome: 'unknown' });
    flow.now = startTime + 899;
    expect(await find(linkHash)).toMatchObject({ outcome: 'usable', link: { linkHash, connectionId: 'acme' } });
    flow.now = startTime + 900;
    expect(await find(linkHash)).toEqual({ outcome: 'expired' });
  });

  it('calls a link spent, also after it expired', async () => {
    const { flow, linkHash, find } = await aLink();
    await flow.authorizations.spendLink(linkHash);
    expect(await find(linkHash)).toEqual({ outcome: 'spent' });
    flow.now += 900;
    expect(await find(linkHash)).toEqual({ outcome: 'spent' });
  });
});

describe('findSession', () => {
  async function aSession() {
    const { flow, browser } = await atProcore();
    const [sessionId = ''] = flow.authorizations.sessions.keys();
    const find = (id: string | undefined, cookie = browser.cookie) =>
      untilReturn(() => findSession(flow.dependencies, id, flow.request('GET', '', { cookie })));
    return { flow, sessionId, find };
  }

  it('gives a session to the browser that started it, for 90 minutes', async () => {
    const { flow, sessionId, find } = await aSession();
    flow.now = startTime + 5399;
    expect(await find(sessionId)).toMatchObject({ outcome: 'own', session: { sessionId, connectionId: 'acme' } });
    flow.now = startTime + 5400;
    expect(await find(sessionId)).toEqual({ outcome: 'unknown' });
  });

  it.each([
    ['no cookie', ''],
    ['the cookie of another browser', `__Host-connect=${'a'.repeat(48)}`],
  ])('calls a browser with %s a stranger', async (_, cookie) => {
    const { sessionId, find } = await aSession();
    expect(await find(sessionId, cookie)).toEqual({ outcome: 'stranger' });
  });

  it.each<[string, (sessionId: string) => string | undefined]>([
    ['none', () => undefined],
    ['another id', () => 'a'.repeat(64)],
    ['an id with something before it', (sessionId) => `0${sessionId}`],
    ['an id with something behind it', (sessionId) => `${sessionId}0`],
  ])('knows no session of %s', async (_, idOf) => {
    const { sessionId, find } = await aSession();
    expect(await find(idOf(sessionId))).toEqual({ outcome: 'unknown' });
  });

  it('looks nothing up that cannot be an id of ours', async () => {
    const { flow, sessionId } = await aSession();
    const read: string[] = [];
    const authorizations = {
      ...flow.authorizations,
      readSession: async (id: string) => void read.push(id) as undefined,
    };
    for (const id of [undefined, 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(63)}g`, sessionId]) {
      await findSession({ ...flow.dependencies, authorizations }, id, flow.request('GET', ''));
    }
    expect(read).toEqual([sessionId]);
  });
});
