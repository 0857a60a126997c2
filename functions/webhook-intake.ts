import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { observed, observer } from './middleware.ts';
import { type Acceptance, acceptDelivery } from './webhook/acceptance.ts';
import type { Authenticate } from './webhook/authenticate.ts';
import { intakeDependencies } from './wiring.ts';

/**
 * `POST /webhooks`: takes one delivery from Procore, of any content type and size.
 *
 * 401 without the right `Authorization`. 200 for everything else that is safe: accepted, a duplicate, or kept in
 * quarantine, since any failure pauses all later deliveries. 503 only when the queue (or, for a body that is no event,
 * the quarantine) is not available: Procore sends it again. Bodies are empty: hook owners see them at Procore.
 */
export async function answerDelivery(
  request: Pick<APIGatewayProxyEventV2, 'headers' | 'body' | 'isBase64Encoded'>,
  authenticate: Authenticate,
  accept: (body: Uint8Array) => Promise<Acceptance>,
): Promise<APIGatewayProxyStructuredResultV2> {
  if ((await authenticate(request.headers.authorization)) !== 'authenticated') return { statusCode: 401 };
  const acceptance = await accept(Buffer.from(request.body ?? '', request.isBase64Encoded ? 'base64' : 'utf8'));
  return { statusCode: acceptance === 'unavailable' ? 503 : 200 };
}

/** What API Gateway tells of a request, as far as intake asks. */
type IntakeRequest = Pick<APIGatewayProxyEventV2, 'rawPath' | 'headers' | 'body' | 'isBase64Encoded'> & {
  readonly requestContext: { readonly http: Pick<APIGatewayProxyEventV2['requestContext']['http'], 'method'> };
};

/**
 * Answers what comes to `/webhooks`, with or without a slash at its end: a person may type one into a hook's address.
 * `HEAD` asks whether the address is there: that is answered with 200 to everybody, since nothing is read and taken in.
 */
export async function answerRequest(
  request: IntakeRequest,
  authenticate: Authenticate,
  accept: (body: Uint8Array) => Promise<Acceptance>,
): Promise<APIGatewayProxyStructuredResultV2> {
  // The route that catches the slash catches everything below it as well.
  if (!/^\/webhooks\/?$/.test(request.rawPath)) return { statusCode: 404 };
  if (request.requestContext.http.method === 'HEAD') return { statusCode: 200 };
  return answerDelivery(request, authenticate, accept);
}

const { authenticate, acceptance } = intakeDependencies(observer);

export const handler = observed((request: APIGatewayProxyEventV2) =>
  answerRequest(request, authenticate, (body) => acceptDelivery(body, acceptance)),
);
