import { describe, expect, it } from 'vitest';
import { bootstrapCalls } from '../../lib/deploy/bootstrap.ts';

const callsOf = (block: unknown, stage?: string, variables: Readonly<Record<string, string>> = {}) =>
  bootstrapCalls(block, stage, variables).map((call) => call.join(' '));

describe('npm run bootstrap', () => {
  it('leaves account and region of a single stack without them to the CDK', () => {
    expect(callsOf(undefined)).toEqual(['bootstrap -c stage=default']);
    expect(callsOf({ stages: { live: { profile: 'dev' } } })).toEqual(['bootstrap -c stage=live --profile dev']);
  });

  it('prepares each account and region of a stage once, with its profile', () => {
    const dev = { account: '111122223333', region: 'eu-central-1', profile: 'dev' };
    const live = { account: '444455556666', region: 'us-east-1', profile: 'live' };
    const environments = { production: live, sandbox: dev, 'monthly-sandbox': dev };
    const block = { stages: { default: { environments }, trial: {} } };
    expect(callsOf(block, 'default')).toEqual([
      'bootstrap aws://111122223333/eu-central-1 --profile dev',
      'bootstrap aws://444455556666/us-east-1 --profile live',
    ]);
    expect(callsOf(block, 'default', { AWS_ACCESS_KEY_ID: 'AKIA' })[0]).toBe(
      'bootstrap aws://111122223333/eu-central-1',
    );
  });

  it('refuses a stage of several stacks whose places it does not know', () => {
    const environments = { sandbox: {}, production: { account: '444455556666', region: 'us-east-1' } };
    expect(() => callsOf({ stages: { default: { environments } } })).toThrow(
      /got no account or region for ProcoreConnector; allowed: both, .*npx cdk bootstrap aws:/,
    );
  });
});
