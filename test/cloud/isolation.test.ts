import { beforeAll, describe, expect, test } from 'vitest';
import { handlerNames } from '../../lib/handler-names.ts';
import { type Json, type Resource, referencesIn, resourcesOf, synthesize, textsIn } from './synthesized.ts';

const prefixes = ['MonthlySandbox', 'Production'] as const;

/** Two environments with that many are 440, and 60 of a stack's 500 are left for what the integrator adds. */
const mostResources = 220;

let resources: ReadonlyMap<string, Resource>;
beforeAll(() => {
  resources = resourcesOf(synthesize({ environments: 'monthly-sandbox,production' }));
});

function prefixOf(logicalId: string): string | undefined {
  return prefixes.find((prefix) => logicalId.startsWith(prefix));
}

/** Every policy document in the template: of roles (inline), queues, keys, secrets and the topic. */
function policyDocuments(): readonly (readonly [string, Json])[] {
  return [...resources].flatMap(([id, { Properties }]) => {
    const inline = (Properties.Policies ?? []) as readonly { readonly PolicyDocument: Json }[];
    const own = ['PolicyDocument', 'AssumeRolePolicyDocument', 'KeyPolicy', 'ResourcePolicy'].map(
      (key) => Properties[key],
    );
    return [...inline.map(({ PolicyDocument }) => PolicyDocument), ...own].flatMap((document) =>
      document === undefined ? [] : [[id, document] as const],
    );
  });
}

describe('environments', () => {
  test('share no resource but the topic of alarms: everything else belongs to exactly one', () => {
    expect([...resources.keys()].filter((id) => prefixOf(id) === undefined && !id.startsWith('Alarms'))).toEqual([]);
    for (const prefix of prefixes) {
      const count = [...resources.keys()].filter((id) => prefixOf(id) === prefix).length;
      expect(count, prefix).toBeGreaterThan(50);
      expect(count, prefix).toBeLessThanOrEqual(mostResources);
    }
  });

  test('stay within 220 resources with a domain of their own, too', () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
    const domains = { sandbox: { name: 'connect.example.com', certificateArn } };
    const all = resourcesOf(synthesize({ environments: 'sandbox', domains }));
    expect([...all.keys()].filter((id) => prefixOf(id) === 'Sandbox').length).toBeLessThanOrEqual(mostResources);
    const origins = [...all.values()].flatMap(({ Properties }) =>
      textsIn(Properties.Environment ?? '').filter((text) => text.startsWith('https://')),
    );
    expect(new Set(origins)).toEqual(new Set(['https://connect.example.com']));
  });

  test('refer to nothing of one another, in any property of any resource', () => {
    const crossing = [...resources].flatMap(([id, resource]) =>
      referencesIn({ ...resource.Properties })
        // Alarms name the topic, and nothing else does.
        .filter(
          (reference) => !(/^AWS::CloudWatch::.*Alarm$/.test(resource.Type) && reference.startsWith('AlarmsTopic')),
        )
        .filter((reference) => prefixOf(reference) !== prefixOf(id) && !id.startsWith('Alarms'))
        .map((reference) => `${id} -> ${reference}`),
    );
    expect(crossing).toEqual([]);
  });

  test("name nothing of one another in a policy's texts", () => {
    expect(policyDocuments().length).toBeGreaterThan(70);
    for (const [id, document] of policyDocuments()) {
      const others = prefixes.filter((prefix) => prefix !== prefixOf(id));
      for (const text of textsIn(document)) {
        // A reference begins with its owner's prefix; any other text names no environment at all.
        expect(
          others.filter((other) => prefixOf(text) === other),
          `${id}: ${text}`,
        ).toEqual([]);
        if (prefixOf(text) === undefined) expect(text, id).not.toMatch(/sandbox|production|federal/i);
      }
    }
  });

  test('have policies without wildcard resources, but for what a key or a secret says of itself', () => {
    const wild = policyDocuments()
      .flatMap(([id, document]) => statementsOf(document).map((statement) => [id, statement] as const))
      .filter(([, { Resource: resource }]) => textsIn(resource ?? '').some((text) => text.includes('*')))
      .filter(
        ([id]) => !['AWS::KMS::Key', 'AWS::SecretsManager::ResourcePolicy'].includes(resources.get(id)?.Type ?? ''),
      )
      .map(([, { Action: action }]) => action);
    expect(wild).toEqual([]);
  });

  test('give their functions their own name alone', () => {
    const names = { Production: 'production', MonthlySandbox: 'monthly-sandbox' };
    for (const prefix of prefixes) {
      const given = [...resources]
        .filter(([id, { Type }]) => Type === 'AWS::Lambda::Function' && prefixOf(id) === prefix)
        .map(([, { Properties }]) => Properties);
      expect(given.length).toBe(handlerNames.length);
      for (const properties of given) {
        expect(properties).toMatchObject({ Environment: { Variables: { PROCORE_ENVIRONMENT: names[prefix] } } });
      }
    }
  });
});

function statementsOf(document: Json): readonly { readonly [key: string]: Json }[] {
  const { Statement: statements } = document as { Statement: readonly { readonly [key: string]: Json }[] };
  return statements;
}
