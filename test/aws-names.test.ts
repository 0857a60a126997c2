import { describe, expect, test } from 'vitest';
import { faultOfName, fifoNameCharacters, nameRules, nestedStackName } from '../lib/aws-names.ts';

const queue = (properties: Readonly<Record<string, string | boolean>> = {}, logicalId = 'SandboxEventsDBDC0462') => ({
  logicalId,
  Type: 'AWS::SQS::Queue',
  Properties: properties,
});
const fifo = { FifoQueue: true };

describe('a name that CloudFormation generates', () => {
  test('of a FIFO queue is refused when stack and id have more than 60 characters, with length, limit and remedy', () => {
    expect(fifoNameCharacters).toBe(60);
    const id = 'A'.repeat(40);
    expect(faultOfName(queue(fifo, id), 'S'.repeat(20))).toBeUndefined();
    const name = `${'S'.repeat(22)}-${id}-XXXXXXXXXXXXX.fifo`;
    expect(faultOfName(queue(fifo, id), 'S'.repeat(22))).toBe(
      `${id} (AWS::SQS::Queue): CloudFormation would name it ${name}, which has 82 characters; at most 80 are allowed, ` +
        "and does not shorten that. Make the stack's name or the ids of the constructs around it 2 shorter, or give it " +
        'a QueueName.',
    );
  });

  test.each(['AWS::SQS::Queue', 'AWS::IAM::Role', 'AWS::Lambda::Function', 'AWS::Events::Rule'])(
    'of %s is shortened by CloudFormation, whatever the ids',
    (Type) => {
      expect(faultOfName({ logicalId: 'A'.repeat(200), Type }, 'S'.repeat(128))).toBeUndefined();
    },
  );

  test.each([
    ['AWS::DynamoDB::Table', 255],
    ['AWS::Logs::LogGroup', 512],
    ['AWS::CodeDeploy::Application', 100],
  ] as const)('of %s is refused over %i characters, since nobody has said that it is shortened', (Type, most) => {
    const id = 'A'.repeat(50);
    const stackName = (length: number) => 'S'.repeat(length - id.length - '--1234567890123'.length);
    expect(faultOfName({ logicalId: id, Type }, stackName(most))).toBeUndefined();
    expect(faultOfName({ logicalId: id, Type }, stackName(most + 1))).toContain(`which has ${most + 1} characters`);
  });

  test('of a secret does not have the stack’s name in it', () => {
    const Type = 'AWS::SecretsManager::Secret';
    expect(faultOfName({ logicalId: 'A'.repeat(255), Type }, 'S'.repeat(400))).toBeUndefined();
  });
});

describe('a name that the template gives', () => {
  test.each(Object.entries(nameRules))(
    'of %s is refused when it is one longer than its service takes',
    (Type, rule) => {
      const ofLength = (length: number) => ({
        logicalId: 'It',
        Type,
        Properties: { [rule.property]: 'a'.repeat(length) },
      });
      expect(faultOfName(ofLength(rule.most), 'Stack')).toBeUndefined();
      const fault = faultOfName(ofLength(rule.most + 1), 'Stack');
      expect(fault).toContain(`It (${Type}): its ${rule.property} is aaa`);
      expect(fault).toMatch(
        new RegExp(`has ${rule.most + 1} characters; at most ${rule.most} are allowed. Make it 1 shorter.$`),
      );
    },
  );

  test.each([
    ['AWS::CloudWatch::Dashboard', 'Stack/sandbox'],
    ['AWS::SQS::Queue', 'events.dead'],
    ['AWS::Logs::LogGroup', '/aws/vended logs'],
    ['AWS::Lambda::Alias', '7'],
    ['AWS::IAM::Role', 'role/path'],
  ])('of %s is refused with characters that the service does not take: %s', (Type, name) => {
    const property = nameRules[Type]?.property ?? '';
    expect(faultOfName({ logicalId: 'It', Type, Properties: { [property]: name } }, 'Stack')).toBe(
      `It (${Type}): its ${property} "${name}" has characters that AWS refuses there.`,
    );
  });

  test('of a FIFO queue ends with .fifo, and of no other queue', () => {
    expect(faultOfName(queue({ ...fifo, QueueName: 'events' }), 'Stack')).toContain('ends with .fifo; got "events"');
    expect(faultOfName(queue({ QueueName: 'events.fifo' }), 'Stack')).toContain('and of no other');
    expect(faultOfName(queue({ ...fifo, QueueName: 'events.fifo' }), 'Stack')).toBeUndefined();
  });

  test('is measured at its longest when CloudFormation puts parts of it in', () => {
    const Type = 'AWS::ApiGatewayV2::Api';
    const named = (Name: object) =>
      ({ logicalId: 'Api', Type, Properties: { Name } }) as Parameters<typeof faultOfName>[0];
    const joined = named({ 'Fn::Join': ['', [{ Ref: 'AWS::StackName' }, '-sandbox']] });
    expect(faultOfName(joined, 'S'.repeat(120))).toBeUndefined();
    expect(faultOfName(joined, 'S'.repeat(121))).toMatch(
      /its Name is S+-sandbox, which has 129 characters; at most 128 are allowed. Make it 1 shorter, for example the stack's name in it.$/,
    );
    const substituted = named({ 'Fn::Sub': `\${AWS::StackName}-\${AWS::AccountId}` });
    expect(faultOfName(substituted, 'S'.repeat(115))).toBeUndefined();
    expect(faultOfName(substituted, 'S'.repeat(116))).toContain('which has 129 characters');
    const guid = { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] };
    const withGuid = (length: number) => named({ 'Fn::Join': ['', ['a'.repeat(length), guid]] });
    expect(faultOfName(withGuid(128 - 36), 'Stack')).toBeUndefined();
    expect(faultOfName(withGuid(129 - 36), 'Stack')).toContain('which has 129 characters');
  });

  test('is left to AWS when only CloudFormation knows it', () => {
    const names = [{ Ref: 'AParameter' }, { 'Fn::Sub': `\${AParameter}` }, { 'Fn::GetAtt': ['A', 'Name'] }];
    for (const Name of names) {
      const api = { logicalId: 'Api', Type: 'AWS::ApiGatewayV2::Api', Properties: { Name } };
      expect(faultOfName(api, 'S'.repeat(200))).toBeUndefined();
    }
  });
});

test('a nested stack’s name has its parent’s, its own id and a random part, and is cut to 128 characters', () => {
  expect(nestedStackName('Theirs', 'Inner')).toBe('Theirs-Inner-XXXXXXXXXXXXX');
  expect(nestedStackName('T'.repeat(100), 'I'.repeat(50))).toHaveLength(128);
});
