import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alarmRows, type FunctionGroup } from '../../lib/cloud/alarms.ts';
import { bundleFunctions } from '../../lib/cloud/bundle/bundle.ts';
import { handlerNames } from '../../lib/handler-names.ts';
import { pascalCase } from '../../lib/stack-outputs.ts';
import { metricsOf, type TemplateAlarm } from './alarm-evaluation.ts';
import { scenarios } from './alarm-scenarios.ts';
import { type LogLine, readCondition } from './log-condition.ts';
import { functionBehind, type Json, resourcesOfType, synthesize, textsIn } from './synthesized.ts';

let template: Template;
/** What each function's bundle holds, by the name that its output has, e.g. `AccessToken`. */
const bundles = new Map<string, string>();
const directory = mkdtempSync(join(tmpdir(), 'log-queries-'));
beforeAll(async () => {
  template = synthesize({ environments: 'sandbox', monitoring: 'full' });
  const bundled = await bundleFunctions({ outputDirectory: directory });
  for (const name of handlerNames) {
    bundles.set(pascalCase(name), readFileSync(join(bundled[name], 'index.mjs'), 'utf8'));
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Whether a function's code holds a name: it writes that event, or counts that metric. */
const says = (output: string, name: string) => new RegExp(`["'\`]${name}["'\`]`).test(bundles.get(output) ?? '');

/** The logical id of the log group that a function writes. */
function logGroupOf(output: string): string {
  const { Value: value } = template.findOutputs(`SandboxFunction${output}`)[`SandboxFunction${output}`] ?? {};
  const logging = functionBehind(template, value?.Ref)?.Properties.LoggingConfig as { LogGroup?: Json } | undefined;
  const [logGroup = ''] = textsIn(logging?.LogGroup ?? '');
  return logGroup;
}

/** The saved query of a function's log group, or `requests`: which log groups it reads, and whether it finds a line. */
function queryOf(name: string) {
  const named = resourcesOfType(template, 'AWS::Logs::QueryDefinition').map(([, { Properties }]) => Properties);
  const query = named.find(({ Name }) => Name === `ProcoreConnector/sandbox/${name}`);
  const text = String(query?.QueryString);
  const filters = [...text.matchAll(/^\| filter (.*)$/gm)].map(([, condition = '']) => readCondition(condition));
  return {
    text,
    logGroups: textsIn(query?.LogGroupNames ?? ''),
    finds: (line: LogLine) => filters.length > 0 && filters.every((holds) => holds(line)),
  };
}

const failed = 'invocation.failed';

/** By alarm: lines that tell of what it fires for, by the function that writes them. */
const tell: Readonly<Record<string, readonly (readonly [output: string, ...events: readonly string[]])[]>> = {
  'reauthorization-required': [
    ['AccessToken', 'rotation.refused', 'rotation.suspect'],
    ['TokenRotation', 'rotation.refused', 'rotation.suspect'],
  ],
  'rotation-failing': [
    ['AccessToken', 'rotation.unknown', 'rotation.not_sent', 'rotation.throttled'],
    ['TokenRotation', 'rotation.unknown', 'rotation.not_sent', 'rotation.throttled'],
  ],
  'rotation-overdue': [
    ['TokenRotation', 'message.failed', 'rotation.cooling', failed],
    ['RotationSweep', failed],
  ],
  'tokens-past-expiry': [['TokenRotation', 'rotation.unknown', 'rotation.cooling', 'rotation.refused']],
  'rotation-sweep-silent': [['RotationSweep', failed]],
  'client-credentials-refused': [
    ['AccessToken', 'rotation.client_refused'],
    ['TokenRotation', 'rotation.client_refused', 'secret.unread'],
    ['OauthCallback', 'oauth.not_connected', 'secret.unread'],
  ],
  'wrong-environment': [
    ['OauthCallback', 'connection.wrong_environment'],
    ['ConnectServiceAccount', 'connection.wrong_environment'],
    ['TokenRotation', 'connection.wrong_environment'],
  ],
  'escrow-used': [
    ['AccessToken', 'rotation.escrowed'],
    ['TokenRotation', 'rotation.escrowed'],
    ['TokenRecovery', 'rotation.recovered'],
  ],
  'escrow-not-landing': [['TokenRecovery', 'message.failed', failed]],
  'rotation-dead-letters': [['TokenRotation', 'message.failed', failed]],
  'callback-failing': [
    ['OauthStart', 'oauth.not_connected'],
    ['OauthCallback', 'oauth.not_connected'],
    ['OauthCompany', 'oauth.not_connected'],
  ],
  'webhook-authorization-wrong': [['WebhookIntake', 'webhook.refused']],
  'webhook-secret-unusable': [['WebhookIntake', 'secret.unusable']],
  'webhook-intake-failing': [['WebhookIntake', 'webhook.queue_unavailable', 'webhook.quarantine_unavailable', failed]],
  'event-queue-old': [['WebhookWorker', 'event.failed', 'event.not_postponed']],
  'event-queue-full': [['WebhookWorker', 'event.failing_long', 'event.failed']],
  'event-failing': [['WebhookWorker', 'event.failing_long', 'event.failed']],
  'event-dead-letters': [['WebhookWorker', 'event.dead_lettered', 'event.failed']],
  quarantine: [['WebhookIntake', 'webhook.quarantined']],
  'quarantine-refused': [['WebhookIntake', 'webhook.quarantine_refused']],
  'ledger-failing': [
    ['WebhookIntake', 'webhook.ledger_unread', 'webhook.ledger_unwritten'],
    ['WebhookWorker', 'event.history_unread', 'event.not_marked'],
    ['CompanyWork', 'reconcile.ledger_unread'],
  ],
  'subscription-inactive': [['CompanyWork', 'subscription.inactive', 'subscription.repaired']],
  'audit-jobs-failing': [['CompanyWork', 'subscription.audit_failed', 'subscription.hook_failed', 'job.failed']],
  'audit-behind': [['CompanyWork', 'job.failed', 'job.lease_lost', 'job.wake_up_refused', 'jobs.swept']],
  'vanished-held-back': [['CompanyWork', 'vanished.held_back', 'vanished.told']],
  'deliveries-discarded': [['CompanyWork', 'deliveries.discarded']],
  'webhook-silence': [['CompanyWork', 'subscription.silent']],
  'app-disconnected': [
    ['WebhookWorker', 'app.disconnected', 'api.call_failed'],
    ['CompanyWork', 'app.disconnected'],
  ],
  'rate-limit-nearly-spent': [['WebhookWorker', 'api.call_failed', 'budget.unavailable', 'budget.unlearned']],
  'connecting-errors': [
    ...[
      ...['ConnectLink', 'OauthStart', 'OauthCallback', 'OauthCompany', 'ConfirmConnection', 'Disconnect'],
      'ConnectServiceAccount',
    ].map((name) => [name, failed] as const),
  ],
  'token-errors': ['AccessToken', 'RotationSweep', 'TokenRotation', 'TokenRecovery'].map((name) => [name, failed]),
  'webhook-errors': [['WebhookWorker', failed]],
  'company-work-errors': [['CompanyWork', failed]],
  'tokens-throttled': [['TokenRotation', failed]],
};

/** The alarms for which the lines of the HTTP API tell, not those of functions. */
const ofRequests = ['webhook-intake-slow', 'http-api-failing', 'webhooks-throttled'];

/**
 * The functions of each group by their outputs: those whose failed invocations the group's alarms count, and the one whose
 * caller sees how it ends.
 */
const membersOf: Readonly<Record<FunctionGroup, readonly string[]>> = {
  connecting: outputsIn('connecting-errors'),
  tokens: [...outputsIn('token-errors'), 'RestoreConnections'],
  webhooks: outputsIn('webhook-intake-failing', 'webhook-errors', 'company-work-errors'),
};

function outputsIn(...ids: readonly string[]): readonly string[] {
  return ids.flatMap((id) => (tell[id] ?? []).map(([output]) => output));
}

/** The functions in whose log queries the runbook tells a person to look. */
function functionsOf(id: string): readonly string[] {
  const { logs } = alarmRows.find((row) => row.id === id) ?? { logs: 'requests' };
  return logs === 'requests' ? [] : logs.of.flatMap((group) => membersOf[group]);
}

const kebab = (output: string) => handlerNames.find((name) => pascalCase(name) === output) ?? '';

/** A line that no alarm is about. */
const unrelated: LogLine = { event: 'oauth.link_issued', level: 'INFO', connectionId: 'acme' };

describe('the log queries', () => {
  test('are one for each log group, each of which is named after what writes it', () => {
    const queries = resourcesOfType(template, 'AWS::Logs::QueryDefinition').map(([, { Properties }]) => Properties);
    expect(queries.map(({ Name }) => Name).sort()).toEqual(
      [...handlerNames, 'requests'].map((name) => `ProcoreConnector/sandbox/${name}`).sort(),
    );
    const read = queries.flatMap(({ LogGroupNames }) => textsIn(LogGroupNames ?? ''));
    const groups = resourcesOfType(template, 'AWS::Logs::LogGroup').map(([id]) => id);
    expect(read.sort()).toEqual(groups.sort());
    for (const name of handlerNames) expect(queryOf(name).logGroups).toEqual([logGroupOf(pascalCase(name))]);
  });
});

describe('the log queries for each alarm', () => {
  test('have a line in one of the two tables of this file', () => {
    expect([...Object.keys(tell), ...ofRequests].sort()).toEqual(Object.keys(scenarios).sort());
    expect(Object.values(membersOf).flat().sort()).toEqual([...bundles.keys()].sort());
  });

  test.each(Object.entries(tell))('%s finds the lines that tell what it fires for', (id, lines) => {
    for (const [output, ...events] of lines) {
      const query = queryOf(kebab(output));
      expect(functionsOf(id), output).toContain(output);
      for (const event of events) {
        expect(says(output, event), `${output} writes ${event}`).toBe(true);
        expect(query.finds({ event, level: event === failed ? 'ERROR' : 'INFO' }), event).toBe(true);
      }
    }
  });

  test.each(Object.keys(tell))('%s finds failed invocations, time-outs and crashes, and nothing unrelated', (id) => {
    for (const output of functionsOf(id)) {
      const { finds } = queryOf(kebab(output));
      expect(finds({ event: failed, level: 'ERROR' })).toBe(true);
      expect(finds('2026-01-01T00:00:00.000Z 8a0c… Task timed out after 30.00 seconds')).toBe(true);
      expect(finds('RequestId: 8a0c… Error: Runtime exited with error: signal: killed Runtime.ExitError')).toBe(true);
      expect(finds('{"type":"platform.runtimeDone","record":{"requestId":"8a0c…","status":"timeout"}}')).toBe(true);
      expect(finds('{"type":"platform.report","record":{"status":"error","errorType":"Runtime.ExitError"}}')).toBe(
        true,
      );
      expect(finds(unrelated)).toBe(false);
      for (const event of (tell[id] ?? []).flatMap(([, ...events]) => events).filter((event) => event !== failed)) {
        const likeIt = [event.replace('.', '_'), `not_${event}`, event.replace(/^\w+/, '$&x')];
        for (const other of likeIt) expect(finds({ event: other, level: 'INFO' }), other).toBe(false);
      }
      expect(finds('START RequestId: 8a0c… Version: $LATEST')).toBe(false);
      expect(finds('{"type":"platform.report","record":{"requestId":"8a0c…","status":"success"}}')).toBe(false);
    }
  });

  test.each(Object.keys(tell))('%s looks for no event that nobody writes there', (id) => {
    const { logs } = alarmRows.find((row) => row.id === id) ?? { logs: 'requests' };
    const events = logs === 'requests' ? [] : (logs.events ?? []);
    const names = events.map((event) => event.replaceAll('.', '\\.').replace(/\*$/, '[a-z_]+'));
    expect(names.filter((name) => !functionsOf(id).some((output) => says(output, name)))).toEqual([]);
  });

  test.each(Object.keys(tell))('%s reads the log of every function that counts what it watches', (id) => {
    const alarms = resourcesOfType(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
    const name = `ProcoreConnector/sandbox/${id}`;
    const alarm = alarms.find(({ AlarmName }) => AlarmName === name || AlarmName === `${name}/not-running`);
    const counting = metricsOf(alarm as unknown as TemplateAlarm)
      .filter(({ Namespace }) => Namespace === 'ProcoreConnector')
      .flatMap(({ MetricName }) => [...bundles.keys()].filter((output) => says(output, MetricName)));
    expect(functionsOf(id)).toEqual(expect.arrayContaining(counting));
  });

  test.each(handlerNames)('of %s shows whom a line is about, newest first', (name) => {
    const [fields, ...others] = queryOf(name).text.split('\n');
    for (const field of ['connectionId', 'companyId', 'eventId', 'outcome', 'code', 'sha256', 'count', '@log']) {
      expect(fields?.replace('fields ', '').split(', ')).toContain(field);
    }
    expect(others.slice(1)).toEqual(['| sort @timestamp desc', '| limit 200']);
  });
});

describe('requests as the HTTP API logs them', () => {
  /** Where the HTTP API writes one line a request, and how. */
  function accessLog() {
    const [settings] = resourcesOfType(template, 'AWS::ApiGatewayV2::Stage').map(
      ([, { Properties }]) =>
        Properties.AccessLogSettings as { readonly DestinationArn: Json; readonly Format: string },
    );
    return { logGroup: textsIn(settings?.DestinationArn ?? '')[0], format: settings?.Format ?? '' };
  }

  /** The line that API Gateway writes of a request; a value that no test needs is its variable's own name. */
  function request(status: number, answerMs: number, routeKey = 'POST /webhooks'): LogLine {
    const values: Readonly<Record<string, string | number>> = { routeKey, status, responseLatency: answerMs };
    const variable = /\$context\.([\w.]+)/g;
    return JSON.parse(accessLog().format.replaceAll(variable, (_, name: string) => String(values[name] ?? name)));
  }

  test('name route, status, duration, address, stack and environment, and no path, query, header or body', () => {
    expect(request(202, 80)).toEqual({
      requestId: 'requestId',
      sourceIp: 'identity.sourceIp',
      routeKey: 'POST /webhooks',
      integrationError: 'integrationErrorMessage',
      stack: 'ProcoreConnector',
      environment: 'sandbox',
      status: 202,
      answerMs: 80,
    });
  });

  test.each(ofRequests)('are found by the query for %s when they failed or took long', (id) => {
    expect(alarmRows.find((row) => row.id === id)?.logs).toBe('requests');
    const { logGroups, finds, text } = queryOf('requests');
    expect(logGroups).toEqual([accessLog().logGroup]);
    expect(text).toMatch(/^fields @timestamp, routeKey, status, answerMs, requestId, integrationError\n/);
    expect([finds(request(429, 1)), finds(request(503, 29_000)), finds(request(202, 2500))]).toEqual([
      true,
      true,
      true,
    ]);
    expect([finds(request(202, 2499)), finds(request(400, 1, 'GET /oauth/start'))]).toEqual([false, false]);
    // What API Gateway counts as 5xx may be of any route.
    expect(finds(request(503, 1, 'GET /oauth/start'))).toBe(true);
  });

  /** The value that CloudWatch reports of a metric for a request; undefined when it reports none. */
  function measured(metric: string, line: LogLine): string | number | undefined {
    const filters = resourcesOfType(template, 'AWS::Logs::MetricFilter').map(([, { Properties }]) => Properties);
    for (const { FilterPattern: pattern, MetricTransformations: made, LogGroupName: logGroup } of filters) {
      const [{ MetricName, MetricValue } = { MetricName: '', MetricValue: '' }] = made as unknown as {
        MetricName: string;
        MetricValue: string;
      }[];
      if (MetricName !== metric || textsIn(logGroup ?? '')[0] !== accessLog().logGroup) continue;
      if (!readCondition(String(pattern))(line)) return undefined;
      const [, field] = /^\$\.(\w+)$/.exec(MetricValue) ?? [];
      return field === undefined ? Number(MetricValue) : (line as Record<string, number>)[field];
    }
    throw new Error(`no metric filter makes ${metric} of the access logs`);
  }

  test('are measured as unanswered when Procore saw 429 or 5xx of a webhook', () => {
    for (const status of [429, 500, 503, 504]) expect(measured('webhookUnanswered', request(status, 1))).toBe(1);
    for (const status of [202, 400, 401, 413])
      expect(measured('webhookUnanswered', request(status, 1))).toBeUndefined();
    expect(measured('webhookUnanswered', request(503, 1, 'GET /oauth/callback'))).toBeUndefined();
  });

  test('are measured by their duration when they are webhooks', () => {
    expect(measured('webhookAnswerMs', request(202, 1234))).toBe(1234);
    expect(measured('webhookAnswerMs', request(503, 29_000))).toBe(29_000);
    expect(measured('webhookAnswerMs', request(200, 1, 'GET /oauth/start'))).toBeUndefined();
    // With a slash at the end of the address.
    expect(measured('webhookAnswerMs', request(202, 1234, 'POST /webhooks/{proxy+}'))).toBe(1234);
    expect(measured('webhookAnswerMs', request(200, 1, 'HEAD /webhooks'))).toBeUndefined();
  });
});
