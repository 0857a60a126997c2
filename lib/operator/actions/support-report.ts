import { type FailureName, isFailureName } from '../../../functions/connect/failure-kinds.ts';
import { operatorRemedies } from '../../../functions/connect/operator-remedies.ts';
import { englishTexts } from '../../../functions/connect/page-texts-english.ts';
import { failedExchangeStore } from '../../../functions/place.ts';
import type { Exchange } from '../../../functions/procore/exchange.ts';
import { systemClock } from '../../../functions/system.ts';
import { type DiagnosisId, namedDiagnosis } from '../../diagnosis-rows.ts';
import type { LogOutput } from '../../stack-outputs.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import { type Logged, readLogged } from '../logged.ts';
import { placeOf } from '../place.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { type StatusPageState, statusPageOf, statusPageText } from '../status-page.ts';
import { supportReport as writeReport } from '../support-report.ts';
import { showFacts } from '../table.ts';

const logs: readonly LogOutput[] = ['WebhookWorker', 'CompanyWork', 'OauthCallback', 'OauthStart', 'OauthCompany'];

/** The diagnosis of each failure page whose remedy is the operator's and not the person's. */
const diagnosisOfPage: Readonly<Partial<Record<FailureName, DiagnosisId>>> = {
  code_refused: 'authorization_code_invalid',
  client_refused: 'client_credentials_rejected',
  client_missing: 'client_credentials_rejected',
  authorization_refused: 'authorization_code_invalid',
  wrong_environment: 'wrong_environment',
};

/** As long as the longest retention that CloudWatch Logs is usually given here, in milliseconds. */
const logMs = 90 * 86_400_000;

/** Writes what Procore's support asks for about a call that failed. */
export async function supportReport(
  { terminal, environment: find }: StackSession,
  flags: EnvironmentFlag,
  reference: string,
): Promise<Report> {
  if (!/^[\w.:-]{1,100}$/.test(reference)) throw usageError('A reference id has letters, digits and _ . : - only.');
  const environment = await find(flags.environment);
  const statusPage = await statusPageOf(environment);
  const exchange = await failedExchangeStore(placeOf(environment), environment.clients.dynamoDb).find(reference);
  if (exchange !== undefined) return reportOf(reference, exchange, statusPage);
  const lines = await terminal.working('Searching the logs', () =>
    readLogged(environment, logs, systemClock() * 1000 - logMs, reference),
  );
  const line = lines?.findLast(({ fields }) => fields.referenceId === reference);
  if (line === undefined) {
    throw new OperatorError(
      'reference_not_found',
      `Nothing is known of "${reference}" in ${environment.name}. Calls are kept for 14 days, log lines as long as ` +
        'their log. Is it the right --environment?',
      exitCodes.notFound,
    );
  }
  return line.fields.event === 'api.call_failed'
    ? reportOf(reference, exchangeOf(environment, line), statusPage, partial)
    : reportOfLine(reference, environment, line, statusPage);
}

const partial =
  'Query, headers and bodies of this call are not kept any more (14 days): this is what the log still has.';

function reportOf(reference: string, exchange: Exchange, statusPage: StatusPageState, note?: string): Report {
  const report = writeReport(exchange, statusPage);
  return {
    data: { reference, exchange, statusPage: statusPage ?? null, report, ...(note && { note }) },
    text: note === undefined ? report : `${note}\n\n${report}`,
  };
}

/** The log's allow-listed fields tell method, path, status and time. */
function exchangeOf({ name, procore }: DeployedEnvironment, { at, fields }: Logged): Exchange {
  const { method, path, status, companyId, durationMs, count, referenceId } = fields;
  const numberOf = (value: unknown) => (typeof value === 'number' ? value : 0);
  return {
    environment: name,
    purpose: 'api',
    method: String(method),
    url: `${procore.apiOrigin}${String(path)}`,
    requestHeaders: typeof companyId === 'string' ? { 'procore-company-id': companyId } : {},
    ...(typeof status === 'number' && { status, responseHeaders: { 'x-request-id': String(referenceId) } }),
    startedAt: at / 1000 - numberOf(durationMs) / 1000,
    durationMs: numberOf(durationMs),
    tries: numberOf(count),
  };
}

/** Reports what a person was told to whom a page of connecting gave the reference. */
export function reportOfLine(
  reference: string,
  { name, procore, callbackUrl }: Pick<DeployedEnvironment, 'name' | 'procore' | 'callbackUrl'>,
  { at, log, fields }: Logged,
  statusPage: StatusPageState,
): Report {
  const { outcome, connectionId = '-', status, code, reason } = fields;
  const failure = typeof outcome === 'string' && isFailureName(outcome) ? outcome : undefined;
  const page = failure && englishTexts.failures[failure];
  const id = failure && diagnosisOfPage[failure];
  const row = id && namedDiagnosis(id);
  const data = {
    reference,
    environment: name,
    at: new Date(at).toISOString(),
    log,
    ...fields,
    statusPage: statusPage ?? null,
  };
  const text = showFacts([
    ['reference', reference],
    ['environment', name],
    ['time', data.at],
    ['log', log],
    ['connection', String(connectionId)],
    ['what', String(outcome ?? fields.event)],
    ['Procore’s answer', [status && `status ${status}`, code ?? reason].filter(Boolean).join(', ') || '-'],
    ['the page said', page ? `${page.title}. ${page.why.replaceAll('{app}', englishTexts.app)}` : '-'],
    ['cause', row?.cause ?? '-'],
    ['remedy', row?.remedy ?? (failure && operatorRemedies[failure]) ?? page?.whatToDo ?? '-'],
    ['login host', procore.loginOrigin],
    ['redirect URI', callbackUrl],
    ['Procore’s state', statusPageText(statusPage)],
  ]);
  return { data, text };
}
