import { randomUUID } from 'node:crypto';

/** An HTTP answer of a service. */
export interface AwsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A refusal that a service answers with; `code` is AWS's own, and so are the further fields of its body. */
export class AwsRefusal extends Error {
  override readonly name = 'AwsRefusal';
  readonly code: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  constructor(code: string, message: string, status = 400, fields: AwsRefusal['fields'] = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** The code that SQS has for an error in its old query protocol, which SDKs still report. */
function sqsQueryCode(code: string): string {
  if (code === 'QueueDoesNotExist') return 'AWS.SimpleQueueService.NonExistentQueue';
  if (code === 'QueueNameExists') return 'QueueAlreadyExists';
  return /Batch|MessageNotInflight|UnsupportedOperation/.test(code) ? `AWS.SimpleQueueService.${code}` : code;
}

/** A good answer of a service that speaks AWS's JSON protocol. */
export function jsonAnswer(body: unknown, version: '1.0' | '1.1'): AwsAnswer {
  return {
    status: 200,
    headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify(body),
  };
}

/**
 * Words a refusal as the service itself would.
 *
 * @param service as in the credential scope of the signature
 */
export function refusalAnswer(service: string, { code, message, status, fields }: AwsRefusal): AwsAnswer {
  if (service === 'cloudformation') {
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
    return {
      status,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse>${error}<RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
    };
  }
  const type =
    { sqs: `com.amazonaws.sqs#${code}`, dynamodb: `com.amazonaws.dynamodb.v20120810#${code}` }[service] ?? code;
  const headers = {
    'content-type': `application/x-amz-json-${service === 'secretsmanager' ? '1.1' : '1.0'}`,
    'x-amzn-requestid': randomUUID(),
    ...(service === 'lambda' && { 'x-amzn-errortype': code }),
    ...(service === 'sqs' && { 'x-amzn-query-error': `${sqsQueryCode(code)};${status < 500 ? 'Sender' : 'Receiver'}` }),
  };
  return { status, headers, body: JSON.stringify({ __type: type, message, Message: message, ...fields }) };
}

/** What is sent on of a call. */
export interface ForwardedCall {
  readonly headers: Readonly<Record<string, string>>;
}
