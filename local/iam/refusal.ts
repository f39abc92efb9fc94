/**
 * How AWS answers a call that is not allowed: each protocol's shape, and the sentence that names principal,
 * action and resource (docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from './callers.ts';
import type { Call } from './calls/call.ts';
import type { Decision, Permission } from './evaluate.ts';

/** For the log: who wanted what. */
export interface Seen {
  readonly function: string;
  readonly action: string;
  readonly resource: string;
}

/** A call that is answered here, with the message of this error. */
export class Refused extends Error {
  readonly service: string;
  readonly seen: Seen;
  /** Undefined for that of a call which is not allowed. */
  readonly code: string | undefined;

  constructor(message: string, service: string, seen: Seen, code?: string) {
    super(message);
    this.service = service;
    this.seen = seen;
    this.code = code;
  }
}

interface Refusal {
  readonly message: string;
  readonly code?: string | undefined;
}
type Answer = readonly [status: number, headers: Readonly<Record<string, string>>, body: string];

/** @param principalArn undefined for a caller without credentials, whom S3 tells nothing */
export function denialMessage(
  decision: Exclude<Decision, 'allowed'>,
  { action, resource }: Permission,
  principalArn: string | undefined,
): string {
  if (principalArn === undefined) return 'Access Denied';
  const on = action.startsWith('s3:') ? `"${resource}"` : resource;
  return `User: ${principalArn} is not authorized to perform: ${action} on resource: ${on} ${REASONS[decision](action)}`;
}

const REASONS: Readonly<Record<Exclude<Decision, 'allowed'>, (action: string) => string>> = {
  'not allowed': (action) => `because no identity-based policy allows the ${action} action`,
  'denied by the role': () => 'with an explicit deny in an identity-based policy',
  'denied by the resource': () => 'with an explicit deny in a resource-based policy',
};

export const nameOf = (caller: Caller | undefined): string => caller?.functionName ?? 'anonymous';

export function unmapped(call: Call, caller: Caller | undefined): Refused {
  const resource = String(call.headers['x-amz-target'] ?? `${call.method} ${call.path}`);
  const message = `${call.service} was called (${resource}), and local/iam/calls does not say which permission that needs.`;
  return new Refused(message, call.service, { function: nameOf(caller), action: 'unknown', resource });
}

export function unknownKey({ service, path }: Call, accessKeyId: string): Refused {
  const seen = { function: `unknown (${accessKeyId})`, action: 'unknown', resource: path };
  return service === 's3'
    ? new Refused(
        'The AWS Access Key Id you provided does not exist in our records.',
        service,
        seen,
        'InvalidAccessKeyId',
      )
    : new Refused(
        'The security token included in the request is invalid.',
        service,
        seen,
        'UnrecognizedClientException',
      );
}

/** Anything that is not a {@link Refused} is a defect here, told as nothing more than that. */
export function refuse(response: ServerResponse, { method }: IncomingMessage, error: unknown): void {
  const id = randomUUID();
  const { service, ...refusal } =
    error instanceof Refused
      ? { service: error.service, message: error.message, code: error.code }
      : { service: '', message: 'The gate to the embedded AWS failed; see its log.' };
  const [status, headers, body] = (ANSWERS[service] ?? answerAsLambda)(refusal, id);
  response
    .writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), 'x-amzn-requestid': id })
    .end(method === 'HEAD' ? undefined : body);
}

const ANSWERS: Readonly<Record<string, (refusal: Refusal, id: string) => Answer>> = {
  s3({ message, code = 'AccessDenied' }, id) {
    const ids = { RequestId: id, HostId: randomBytes(48).toString('base64') };
    const error = tag('Error', { Code: code, Message: message, ...ids });
    const headers = { 'content-type': 'application/xml', 'x-amz-request-id': id, 'x-amz-id-2': ids.HostId };
    return [403, headers, `<?xml version="1.0" encoding="UTF-8"?>\n${error}`];
  },
  dynamodb({ message, code = 'AccessDeniedException' }) {
    const body = JSON.stringify({ __type: `com.amazon.coral.service#${code}`, Message: message });
    return [400, { 'content-type': 'application/x-amz-json-1.0' }, body];
  },
  ssm({ message, code = 'AccessDeniedException' }) {
    const body = JSON.stringify({ __type: code, Message: message });
    return [400, { 'content-type': 'application/x-amz-json-1.1' }, body];
  },
  cloudformation({ message, code = 'AccessDenied' }, id) {
    const error = tag('Error', { Type: 'Sender', Code: code, Message: message });
    const xmlns = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
    const body = `<ErrorResponse xmlns="${xmlns}">${error}<RequestId>${id}</RequestId></ErrorResponse>`;
    return [403, { 'content-type': 'text/xml' }, body];
  },
  ec2({ message, code = 'UnauthorizedOperation' }, id) {
    const told = `You are not authorized to perform this operation. ${message}`;
    const error = `<Errors>${tag('Error', { Code: code, Message: told })}</Errors>`;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Response>${error}<RequestID>${id}</RequestID></Response>`;
    return [403, { 'content-type': 'text/xml;charset=UTF-8' }, body];
  },
};

/** Also for a service that nobody has mapped. */
function answerAsLambda({ message, code = 'AccessDeniedException' }: Refusal): Answer {
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': code };
  return [403, headers, JSON.stringify({ Message: message })];
}

function tag(name: string, children: Readonly<Record<string, string>>): string {
  const inner = Object.entries(children).map(([child, text]) => `<${child}>${quoted(text)}</${child}>`);
  return `<${name}>${inner.join('')}</${name}>`;
}

const quoted = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;' })[character] ?? '&gt;');
