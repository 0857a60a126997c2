/** Lambda’s refusal to run a function, as the SDK throws it, below an error of the integrator’s. */
export function throttledFor(seconds: number): Error {
  const cause = Object.assign(new Error('Rate Exceeded.'), {
    name: 'TooManyRequestsException',
    $metadata: { httpStatusCode: 429 },
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    retryAfterSeconds: String(seconds),
  });
  return new Error('the price list was not computed', { cause });
}
