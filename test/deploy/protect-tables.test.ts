import { describe, expect, test } from 'vitest';
import { protectTables, UnprotectedTablesError } from '../../lib/deploy/protect-tables.ts';
import type { TableProtection } from '../../lib/table-protection.ts';

const outputs = {
  SandboxTableConnections: 'c-sandbox',
  SandboxTableDeliveries: 'd-sandbox',
  MonthlySandboxTableConnections: 'c-monthly',
  SandboxQueueEvents: 'https://sqs.us-east-1.amazonaws.com/1/events.fifo',
  AlarmTopic: 'arn:aws:sns:us-east-1:1:topic',
};

/** Tables in memory; one of them may be refused. */
function tables(already: readonly string[] = [], refused?: string) {
  const isOn = new Set(already);
  const asked: string[] = [];
  const protection: TableProtection = {
    async isProtected(name) {
      return isOn.has(name);
    },
    async protect(name) {
      asked.push(name);
      if (name === refused) throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
      isOn.add(name);
    },
  };
  return { protection, asked, isOn };
}

describe('after a deployment', () => {
  test('every table of every environment is protected, and nothing else is touched', async () => {
    const { protection, isOn } = tables();
    const names = ['c-sandbox', 'd-sandbox', 'c-monthly'];
    expect([...(await protectTables(outputs, protection))].sort()).toEqual([...names].sort());
    expect([...isOn].sort()).toEqual([...names].sort());
  });

  test('tables that are protected are left alone, so that a second deployment changes nothing', async () => {
    const { protection, asked } = tables(['c-sandbox', 'c-monthly']);
    expect(await protectTables(outputs, protection)).toEqual(['d-sandbox']);
    expect(asked).toEqual(['d-sandbox']);
    expect(await protectTables(outputs, protection)).toEqual([]);
  });

  test('one that is refused does not keep the others from being protected, and is named with the reason', async () => {
    const { protection, isOn } = tables([], 'c-sandbox');
    const error = await protectTables(outputs, protection).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnprotectedTablesError);
    expect(error).toMatchObject({
      code: 'tables_unprotected',
      message:
        'The stack is deployed, but 1 of its 3 tables can still be deleted: c-sandbox (AccessDeniedException: not ' +
        'authorized). Run the deployment again, with the right to dynamodb:DescribeTable and dynamodb:UpdateTable.',
    });
    expect([...isOn].sort()).toEqual(['c-monthly', 'd-sandbox']);
  });

  test('a stack without tables has none to protect', async () => {
    expect(await protectTables({}, tables().protection)).toEqual([]);
  });
});
