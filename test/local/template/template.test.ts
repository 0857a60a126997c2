import { describe, expect, test } from 'vitest';
import { createResolver, type Json, type Template } from '../../../lib/local/template/template.ts';

const template: Template = { Resources: { Queue: { Type: 'AWS::SQS::Queue' }, Topic: { Type: 'AWS::SNS::Topic' } } };
const resolve = createResolver(template, (logicalId, resource, attribute) =>
  resource.Type === 'AWS::SQS::Queue' ? `${logicalId}/${attribute}` : undefined,
);

describe('a resolved value', () => {
  test.each<[string, Json, Json]>([
    ['Ref', { Ref: 'Queue' }, 'Queue/Ref'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Ref of the account', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'Queue/Arn'],
    ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Queue.Arn' }, 'Queue/Arn'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Queue' }, 1]] }, 'a-Queue/Ref-1'],
    [
      'Fn::Sub',
      { 'Fn::Sub': `\${AWS::Partition}:\${Queue}:\${Queue.Arn}:\${!Kept}` },
      `aws:Queue/Ref:Queue/Arn:\${Kept}`,
    ],
    ['Fn::Sub with variables', { 'Fn::Sub': [`\${Name}`, { Name: { Ref: 'Queue' } }] }, 'Queue/Ref'],
    ['Fn::Select of Fn::Split', { 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Queue' }] }] }, 'Ref'],
    ['nested objects and lists', { a: [{ b: { Ref: 'Queue' } }], c: null }, { a: [{ b: 'Queue/Ref' }], c: null }],
    ["IAM's Condition", { Condition: { StringEquals: { a: 'b' } } }, { Condition: { StringEquals: { a: 'b' } } }],
  ])('has %s replaced', (_name, value, expected) => {
    expect(resolve(value, 'Place')).toEqual(expected);
  });
});

describe('what the resolver does not know', () => {
  test.each<[string, Json, RegExp]>([
    ['another intrinsic', { a: { 'Fn::If': ['x', 1, 2] } }, /Place\.a: uses the intrinsic Fn::If/],
    ['a missing resource', { Ref: 'Nobody' }, /Place: refers to Nobody, but the template has no resource of that name/],
    [
      'an attribute',
      [{ 'Fn::GetAtt': ['Topic', 'TopicArn'] }],
      /Place\[0\]: asks for TopicArn of Topic.*AWS::SNS::Topic/,
    ],
    ['a pseudo parameter', { Ref: 'AWS::NoValue' }, /refers to AWS::NoValue/],
    ['an element that is not there', { 'Fn::Select': [4, ['a']] }, /Fn::Select finds no such element/],
    ['a list where text belongs', { 'Fn::Join': ['', [['a']]] }, /needs text/],
  ])('is an error that names place and problem: %s', (_name, value, message) => {
    expect(() => resolve(value, 'Place')).toThrow(message);
  });
});
