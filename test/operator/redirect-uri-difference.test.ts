import { describe, expect, it } from 'vitest';
import { redirectUriDifferences } from '../../lib/operator/redirect-uri-difference.ts';

const ours = 'https://connect.example.com/oauth/callback';
const differences = (registered: string) => redirectUriDifferences(ours, registered);

describe('the differences between two redirect URIs', () => {
  it('are none when they are the same to the character', () => {
    expect(differences(ours)).toEqual([]);
  });

  it.each([
    ['trailing slash', `${ours}/`, 'the registered one ends with a slash, ours does not'],
    ['scheme', ours.replace('https', 'http'), 'scheme: ours has "https", the registered one has "http"'],
    ['scheme', ours.replace('https', 'HTTPS'), 'scheme: ours has "https", the registered one has "HTTPS"'],
    [
      'host',
      ours.replace('connect', 'www'),
      'host: ours has "connect.example.com", the registered one has "www.example.com"',
    ],
    [
      'host',
      ours.replace('connect', 'Connect'),
      'host: ours has "connect.example.com", the registered one has "Connect.example.com"',
    ],
    ['port', ours.replace('.com', '.com:8443'), 'port: ours has none, the registered one has "8443"'],
    ['port', ours.replace('.com', '.com:443'), 'port: ours has none, the registered one has "443"'],
    ['user', ours.replace('connect', 'me@connect'), 'user: ours has none, the registered one has "me"'],
    [
      'path',
      ours.replace('callback', 'Callback'),
      'path: ours has "/oauth/callback", the registered one has "/oauth/Callback"',
    ],
    [
      'path',
      ours.replace('callback', 'c%61llback'),
      'path: ours has "/oauth/callback", the registered one has "/oauth/c%61llback"',
    ],
    ['query', `${ours}?a=1`, 'query: ours has none, the registered one has "a=1"'],
    ['fragment', `${ours}#top`, 'fragment: ours has none, the registered one has "top"'],
    ['white space', ` ${ours}\n`, 'the registered one has white space around it'],
  ])('name the %s of %j', (part, registered, text) => {
    expect(differences(registered)).toEqual([{ part, text }]);
  });

  it('name a slash that ours has and the registered one has not', () => {
    expect(redirectUriDifferences(`${ours}/`, ours)).toEqual([
      { part: 'trailing slash', text: 'ours ends with a slash, the registered one does not' },
    ]);
  });

  it('are told apart on this machine, where names and numbers of the host are not the same', () => {
    const local = 'http://localhost:4401/oauth/callback';
    expect(redirectUriDifferences(local, 'http://127.0.0.1:4401/oauth/callback').map(({ part }) => part)).toEqual([
      'host',
    ]);
    expect(redirectUriDifferences(local, 'http://[::1]:4402/oauth/callback').map(({ part }) => part)).toEqual([
      'host',
      'port',
    ]);
    expect(redirectUriDifferences(local, 'http://localhost').map(({ part }) => part)).toEqual(['port', 'path']);
  });

  it('are all named at once', () => {
    const parts = differences('http://other.example.com:8080/?x').map(({ part }) => part);
    expect(parts).toEqual(['scheme', 'host', 'port', 'path', 'query']);
  });

  it('are found in what is no web address at all', () => {
    for (const registered of ['urn:ietf:wg:oauth:2.0:oob', 'connect.example.com/oauth/callback', '']) {
      expect(differences(registered).length).toBeGreaterThan(0);
    }
  });
});
