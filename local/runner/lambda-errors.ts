/** Lambda's own errors, as its API words and shapes them, so that an SDK turns them into the same exceptions. */
import type { ServerResponse } from 'node:http';

/** Bytes; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "Invocation payload". */
export const MAX_SYNC_REQUEST_BYTES = 6_291_456;
export const MAX_ASYNC_REQUEST_BYTES = 1_048_576;
/** 100 bytes above the request's, on AWS too. */
export const MAX_RESPONSE_BYTES = 6_291_556;

export class LambdaError extends Error {
  override readonly name = 'LambdaError';
  readonly status: number;
  /** The exception's name in the SDK. */
  readonly type: string;
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, type: string, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.fields = fields;
  }
}

export function tenantMissing(): LambdaError {
  return invalidParameter(
    'The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.',
  );
}

export function invalidParameter(message: string): LambdaError {
  return new LambdaError(400, 'InvalidParameterValueException', message, { Type: 'User' });
}

export function requestTooLarge(limit: number): LambdaError {
  return new LambdaError(
    413,
    'RequestEntityTooLargeException',
    `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
    { Type: 'User' },
  );
}

export function tooManyRequests(): LambdaError {
  return new LambdaError(429, 'TooManyRequestsException', 'Rate Exceeded.', {
    Type: 'User',
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  });
}

export function serviceError(message: string): LambdaError {
  return new LambdaError(500, 'ServiceException', message, { Type: 'Service' });
}

export function writeError(response: ServerResponse, error: LambdaError, requestId: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response
    .writeHead(error.status, {
      'content-type': 'application/json',
      'x-amzn-errortype': error.type,
      'x-amzn-requestid': requestId,
    })
    .end(JSON.stringify({ ...error.fields, message: error.message }));
}
