import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConnectorError, isConnectorError } from '../functions/connector-error.ts';
import { diagnosed } from '../functions/procore/diagnosis.ts';

type ErrorClass = new (...parameters: readonly unknown[]) => ConnectorError;

const refusal = { error: { code: 'rotation_pending', message: 'Ask again.' } };
const exchange = {
  method: 'GET',
  url: 'https://api.example/rest/v1.0/projects',
  status: 500,
  purpose: 'api',
  requestHeaders: {},
  responseHeaders: {},
  startedAt: 0,
};

/**
 * Every exported class of our own errors, with its code and what to make one of. Programs compare codes, so they do not
 * change between versions.
 */
const errors: readonly [file: string, name: string, code: string, ...parameters: readonly unknown[]][] = [
  ['functions/aws/lambda-access-tokens.ts', 'VendingFailedError', 'vending_failed', 'Unhandled'],
  ['functions/connect/connect-link.ts', 'InvalidConfirmError', 'invalid_confirm'],
  ['functions/connect/display-name.ts', 'InvalidDisplayNameError', 'invalid_display_name'],
  ['functions/connect/return-to.ts', 'ReturnToNotAllowedError', 'return_to_not_allowed', []],
  ['functions/connection/backup.ts', 'BackupNotFoundError', 'backup_not_found', 'table'],
  ['functions/connection/confirm.ts', 'ReferenceRefusedError', 'reference_refused', 'acme'],
  ['functions/connection/connection.ts', 'InvalidConnectionIdError', 'invalid_connection_id'],
  ['functions/connection/landing.ts', 'TokenSetLostError', 'token_set_lost', 'acme', {}],
  ['functions/connection/refusals.ts', 'ClientCredentialsRejectedError', 'client_credentials_rejected'],
  ['functions/connection/refusals.ts', 'ConnectionNotFoundError', 'connection_not_found', 'acme'],
  ['functions/connection/refusals.ts', 'InvalidVendingRequestError', 'invalid_vending_request', 'text'],
  [
    'functions/connection/restoration-request.ts',
    'InvalidRestorationRequestError',
    'invalid_restoration_request',
    'text',
  ],
  ['functions/connection/restored-word.ts', 'NotRestoredError', 'not_restored', 'value'],
  [
    'functions/connection/refusals.ts',
    'ReauthorizationRequiredError',
    'reauthorization_required',
    { connectionId: 'acme' },
    'revoked',
  ],
  ['functions/connection/refusals.ts', 'RotationPendingError', 'rotation_pending', 'acme', 5],
  ['functions/connection/service-account.ts', 'ServiceAccountError', 'app_not_installed', 'app_not_installed', 'text'],
  ['functions/connection/sweep.ts', 'SweepIncompleteError', 'sweep_incomplete', 1],
  ['functions/redact.ts', 'TooManySecretsError', 'too_many_secrets', 7_999_999],
  ['functions/decompress.ts', 'UnpackedTooLargeError', 'unpacked_too_large', 'The subscription of company 42', 32_000],
  ['functions/jobs/packed.ts', 'JobTooLargeError', 'job_too_large', 'request', 100_001],
  ['functions/jobs/sweep-jobs.ts', 'WakeUpsRefusedError', 'wake_ups_refused', 1],
  ['functions/oauth/client-secret.ts', 'MalformedSecretError', 'malformed_secret', 'OAuth client', 'sandbox', 'is odd'],
  ['functions/oauth/client-secret.ts', 'PlaceholderSecretError', 'placeholder_secret', 'sandbox'],
  ['functions/oauth/client-secret.ts', 'WrongEnvironmentError', 'wrong_environment', 'OAuth client', 'sandbox', 'x'],
  ['functions/oauth/redirect-uri.ts', 'InvalidPublicOriginError', 'invalid_public_origin', 'x'],
  ['functions/procore/access-token-source.ts', 'AccessTokenRefusedError', 'rotation_pending', refusal],
  ['functions/procore/access-token-source.ts', 'ForeignTokenError', 'foreign_token', 'production', 'sandbox'],
  [
    'functions/procore/api-error.ts',
    'ProcoreApiError',
    'server_error',
    exchange,
    { diagnosis: diagnosed('server_error') },
  ],
  ['functions/procore/api-path.ts', 'InvalidApiPathError', 'invalid_api_path'],
  ['functions/procore/checked-answer.ts', 'UnexpectedAnswerError', 'unexpected_answer', 'GET /path', []],
  ['functions/procore/client.ts', 'InvalidCompanyIdError', 'invalid_company_id'],
  ['functions/procore/exact-json.ts', 'InexactNumberError', 'inexact_number'],
  ['functions/procore/exact-json.ts', 'InvalidJsonError', 'invalid_json', 'it is empty'],
  ['functions/procore/foreign-item.ts', 'ForeignItemError', 'foreign_item', 'table "t"', undefined, 'sandbox'],
  ['functions/procore/paging.ts', 'EndlessListError', 'list_endless', '/path', 1],
  ['functions/procore/paging.ts', 'NotAListError', 'not_a_list', '/path'],
  ['functions/procore/paging.ts', 'TruncatedListError', 'list_truncated', '/path', 1, 2],
  ['functions/procore/secure-origin.ts', 'InsecureOriginError', 'insecure_origin', 'http://x'],
  ['functions/procore/sync.ts', 'SyncInterruptedError', 'sync_interrupted', [], 1, new Error('text')],
  ['functions/procore/sync.ts', 'UnidentifiedUpdateError', 'unidentified_update', 0],
  ['lib/local/own-secrets.ts', 'LocalSecretsError', 'local_secrets_unreadable', 'it is no JSON'],
  ['functions/webhook/own-secrets.ts', 'UnknownSecretError', 'unknown_secret', 'erp', ['crm']],
  ['functions/webhook/own-secrets.ts', 'OwnSecretUnreadError', 'own_secret_unread', 'erp', new Error('away')],
  ['functions/settings.ts', 'MissingSettingError', 'missing_setting', 'environment'],
  ['functions/settings.ts', 'NotGrantedError', 'not_granted', 'sandbox'],
  ['functions/throttled-function.ts', 'FunctionThrottledError', 'function_throttled', 4, new Error('text')],
  ['functions/webhook/apply-subscription.ts', 'ProjectNotFoundError', 'project_not_found', 'text'],
  ['functions/webhook/apply-subscription.ts', 'SubscriptionChangedError', 'subscription_changed', '8'],
  ['functions/webhook/catalogue.ts', 'UnknownResourceError', 'invalid_resource', 'text'],
  ['functions/webhook/event-client.ts', 'NoSubscriptionError', 'no_subscription', 'sandbox', '8'],
  ['functions/webhook/hooks-api.ts', 'HooksApiError', 'hooks_answer_invalid', 'GET', '/path'],
  ['functions/webhook/keep-hook.ts', 'TriggerNotKeptError', 'trigger_not_kept', '1', []],
  ['functions/webhook/load-handlers.ts', 'OnEventNotLoadedError', 'on_event_not_loaded', new Error('text')],
  ['functions/webhook/permanent.ts', 'Permanent', 'permanent', 'text'],
  ['functions/webhook/resource-list.ts', 'InvalidResourceListError', 'invalid_resource_list', 'text'],
  ['functions/webhook/resource-paths.ts', 'UnknownResourcePathError', 'unknown_resource_path', 'text'],
  ['functions/webhook/roll-over.ts', 'AuthorizationChangedError', 'authorization_changed'],
  ['functions/webhook/roll-over.ts', 'RollOverUnderWayError', 'roll_over_under_way'],
  ['functions/webhook/time-limit.ts', 'HandlerTimeoutError', 'handler_timeout', 1000],
  ['functions/wiring.ts', 'UnknownEnvironmentError', 'unknown_environment', 'x'],
  ['lib/cloud/alarms.ts', 'AlarmTextError', 'alarm_text_too_long', 'text'],
  ['lib/cloud/bundle/bundle.ts', 'EntryError', 'wrong_entry', 'text'],
  ['lib/configuration-error.ts', 'ConfigurationError', 'wrong_configuration', 'key', 'text'],
  ['lib/deploy/protect-tables.ts', 'UnprotectedTablesError', 'tables_unprotected', 'text'],
  ['lib/deploy/options.ts', 'DeployOptionError', 'wrong_usage', 'text'],
  ['lib/deploy/stored-format.ts', 'UnreadableFormatError', 'unreadable_format', 'text'],
  ['lib/local/runtime/invocation.ts', 'TooManyExecutionsError', 'too_many_executions'],
  ['lib/listening.ts', 'PortTakenError', 'port_taken', 4400, undefined],
  ['lib/local/options.ts', 'InvalidOptionError', 'invalid_option', 'text'],
  ['lib/local/reload/local-variables.ts', 'LocalVariablesError', 'wrong_local_variables', 'text'],
  ['lib/local/control/trigger-target.ts', 'ControlRefusedError', 'invalid_control_request', 'text'],
  ['lib/local/state/state-file.ts', 'StateInUseError', 'state_in_use', 'text'],
  ['lib/local/state/state-file.ts', 'StateUnreadableError', 'state_unreadable', 'text'],
  ['lib/local/runtime/runtime.ts', 'RuntimeStoppedError', 'runtime_stopped', 'intake'],
  ['lib/local/runtime/runtime.ts', 'UnknownFunctionError', 'unknown_function', 'intake'],
  ['lib/local/template/assembly.ts', 'SynthesisError', 'synthesis_failed', 'text'],
  ['lib/local/template/template.ts', 'TemplateNotSupportedError', 'template_not_supported', 'text'],
  ['lib/testing/planned-answers.ts', 'UnplannedCallError', 'unplanned_call', 'GET /path', []],
  ['lib/testing/forgotten-calls.ts', 'ForgottenCallsError', 'forgotten_calls', ['get("/rest/v1.0/me")']],
  ['lib/testing/needed-node.ts', 'NodeTooOldError', 'node_too_old', '20.19.5'],
  ['lib/testing/test-worker.ts', 'OtherCompanyError', 'other_company', '8', '9'],
  ['lib/proxy-rules.ts', 'ProxyVariableError', 'wrong_proxy', 'text'],
  ['lib/operator/exit-codes.ts', 'OperatorError', 'not_found', 'not_found', 'text'],
  ['lib/starter/make-starter.ts', 'StarterError', 'files_exist', 'files_exist', 'text'],
];

// Before any test: mutation testing takes what a test loads for covered by that test alone.
const files = [...new Set(errors.map(([file]) => file))];
const modules = new Map<string, Readonly<Record<string, unknown>>>(
  await Promise.all(files.map(async (file) => [file, await import(resolve(file))] as const)),
);

function made(file: string, name: string, parameters: readonly unknown[]): ConnectorError {
  const Made = modules.get(file)?.[name] as ErrorClass | undefined;
  if (Made === undefined) throw new Error(`${file} exports no ${name}.`);
  return new Made(...parameters);
}

describe('every error of ours', () => {
  it.each(errors)('%s: %s has the code %s', (file, name, code, ...parameters) => {
    const error = made(file, name, parameters);
    expect({ name: error.name, code: error.code, isOurs: isConnectorError(error) }).toEqual({
      name,
      code,
      isOurs: true,
    });
    expect(error.message).not.toBe('');
  });

  it('is in this table', () => {
    const declared = globSync(['functions/**/*.ts', 'lib/**/*.ts']).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^export class (\w+) extends ConnectorError\b/gm)].map(
        ([, name]) => `${file} ${name}`,
      ),
    );
    expect(errors.map(([file, name]) => `${file} ${name}`).toSorted()).toEqual(declared.toSorted());
  });
});
