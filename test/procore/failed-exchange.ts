import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { diagnose } from '../../functions/procore/diagnosis.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';

/** An exchange that failed so. */
export function failed(status: number | undefined, body: unknown = '', more: Partial<Exchange> = {}): Exchange {
  return {
    environment: 'sandbox',
    purpose: 'api',
    method: 'GET',
    url: 'https://sandbox.procore.com/rest/v1.0/projects/1/rfis',
    requestHeaders: { 'procore-company-id': '5358233' },
    ...(status !== undefined && { status, responseHeaders: {} }),
    responseBody: typeof body === 'string' ? body : JSON.stringify(body),
    startedAt: 1_800_000_000,
    durationMs: 12,
    tries: 1,
    ...more,
  };
}

/** Makes the error that a caller gets of a call. */
export function apiError(exchange: Exchange): ProcoreApiError {
  return new ProcoreApiError(exchange, { diagnosis: diagnose(exchange) });
}
