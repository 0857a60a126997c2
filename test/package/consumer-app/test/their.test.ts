import { strict as assert } from 'node:assert';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ProcoreApiError as FromClient } from 'procore-connector/client';
import { ProcoreApiError as FromOnEvent, type MarkedEvent } from 'procore-connector/on-event';
import { eventIn, onEvent } from '../lib/on-event.js';
import { firstProject } from '../lib/their-client.js';
import { TheirStack } from '../lib/their-stack.js';

test('synthesizes all functions of an environment', () => {
  const template = Template.fromStack(new TheirStack(new App(), 'Theirs'));
  assert.ok(Object.keys(template.findResources('AWS::Lambda::Function')).length > 12);
}, 60_000);

test('runs their onEvent, whose error the package knows', async () => {
  const event = { resourceName: 'Timecards' } as MarkedEvent;
  await assert.rejects(onEvent(event, {} as never), { name: 'Permanent', code: 'permanent' });
});

test('reads messages of the queue', () => {
  assert.equal(eventIn('{}'), undefined);
});

test('has a client that says what is missing when the function was not granted', async () => {
  await assert.rejects(
    firstProject(() => 1000),
    { code: 'not_granted' },
  );
});

test('gets one class from two entries', () => {
  assert.equal(FromClient, FromOnEvent);
});
