import { App, Validations } from 'aws-cdk-lib';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfiguration } from '../../lib/cloud/configuration.ts';
import { ConnectorStack } from '../../lib/cloud/connector-stack.ts';
import { cdkContext, stubBundles } from './synthesized.ts';

/** Path below the environment, rule, reason. */
let acknowledged: (readonly [path: string, rule: string, reason: string])[];
beforeAll(() => {
  const app = new App({
    context: { ...cdkContext, procore: { environments: ['sandbox'] } },
    analyticsReporting: false,
  });
  const [configuration] = readConfiguration((key) => app.node.tryGetContext(key));
  if (configuration === undefined) throw new Error('no stack');
  const stack = new ConnectorStack(app, { configuration, bundles: stubBundles() });
  acknowledged = stack.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) =>
          Object.entries(data as Record<string, string>).map(
            ([rule, reason]) => [node.path.split('/').slice(2).join('/'), rule.split('::')[1] ?? '', reason] as const,
          ),
        ),
    );
});

// nag.test.ts sees that no rule of AWS is broken but for these. Who audits the stack reads why.
describe('a rule of AWS that the stack does not follow', () => {
  test('has a reason where it is not followed: secrets, the ledger, queues and routes', () => {
    const opened = (path: string) =>
      `The route ${path} is opened by a person's browser: the one-time link, the state and the cookie authorize it.`;
    expect(acknowledged.filter(([path]) => !path.endsWith('/Role'))).toEqual([
      [
        'Secrets/OauthClient',
        'AwsSolutions-SMG4',
        "The OAuth client's secret is made in Procore's Developer Portal, by a person: no function can rotate it.",
      ],
      [
        'Secrets/WebhookAuthorization',
        'AwsSolutions-SMG4',
        'The webhook authorization is rotated by `procore webhooks rotate-authorization`, hook by hook, on demand.',
      ],
      [
        'Tables/Deliveries',
        'AwsSolutions-DDB3',
        'The table of deliveries is a ledger of 30 days. Without it events may be handled twice; no data is lost.',
      ],
      [
        'QuarantineQueue/Queue',
        'AwsSolutions-SQS3',
        'The quarantine queue is where messages end: no function works it, so none can fail in it.',
      ],
      [
        'EscrowQueue/Queue',
        'AwsSolutions-SQS3',
        'The escrow queue tries a token set again for 14 days; a dead-letter queue would take it out of reach.',
      ],
      [
        'CompanyWorkQueue/Queue',
        'AwsSolutions-SQS3',
        'A wake-up that nobody could work ends after an hour; the sweep sends another one for what is due.',
      ],
      ['HttpApi/Api/GET--oauth--start', 'AwsSolutions-APIG4', opened('/oauth/start')],
      ['HttpApi/Api/POST--oauth--start', 'AwsSolutions-APIG4', opened('/oauth/start')],
      ['HttpApi/Api/GET--oauth--callback', 'AwsSolutions-APIG4', opened('/oauth/callback')],
      ['HttpApi/Api/GET--oauth--search', 'AwsSolutions-APIG4', opened('/oauth/search')],
      ['HttpApi/Api/GET--oauth--company', 'AwsSolutions-APIG4', opened('/oauth/company')],
      ['HttpApi/Api/POST--oauth--company', 'AwsSolutions-APIG4', opened('/oauth/company')],
      ...['/webhooks', '/webhooks/{proxy+}'].flatMap((path) =>
        ['POST', 'HEAD'].map((method) => [
          `HttpApi/Api/${method}${path.replaceAll('/', '--')}`,
          'AwsSolutions-APIG4',
          `Procore cannot sign in at the route ${path}: webhook-intake checks the Authorization header that its hooks send.`,
        ]),
      ),
      ['HttpApi/Others', 'AwsSolutions-APIG4', 'The default route shows a page that holds nothing and does nothing.'],
    ]);
  });
});
