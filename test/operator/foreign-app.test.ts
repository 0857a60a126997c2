import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inForeignApp } from '../../lib/operator/foreign-app.ts';

const starter = JSON.parse(readFileSync(new URL('../../lib/starter/files/package.json', import.meta.url), 'utf8'));
const text = [
  ...['npm start', 'npm start -- --fresh', 'npm run procore -- status', 'npm run verify', 'npm run verify -- --json'],
  ...['npm run deploy', 'npm run bootstrap'],
];
const inApp = (scripts: Record<string, unknown>) => text.map((line) => inForeignApp(line, scripts));
const direct = 'npx --no-install procore-connector';

describe('what a person is told to type in an app of their own', () => {
  it('stays as it is where the app has scripts that do it, as the starter has', () => {
    expect(inApp(starter.scripts)).toEqual(text);
  });

  it.each([
    ['has no scripts', {}],
    [
      'has scripts of these names for something else',
      {
        start: 'node server.js',
        verify: 'npm run lint',
        deploy: 'sst deploy',
        bootstrap: 'lerna',
        procore: 'node x.js',
      },
    ],
    ['has scripts that are no texts', { start: 1, verify: null }],
  ])('is the program of the package, and the CDK’s own, where the app %s', (_, scripts) => {
    expect(inApp(scripts)).toEqual([
      ...[`${direct} dev`, `${direct} dev --fresh`, `${direct} status`, `${direct} verify`, `${direct} verify --json`],
      ...['npx cdk deploy', 'npx cdk bootstrap'],
    ]);
  });
});
