/** Reads Lambda's Invoke call: which function, for whom, how; and refuses what AWS refuses, in its words. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { readBody } from './body.ts';
import type { Invocation } from './invocation.ts';
import {
  invalidParameter,
  LambdaError,
  MAX_ASYNC_REQUEST_BYTES,
  MAX_SYNC_REQUEST_BYTES,
  requestTooLarge,
  tenantMissing,
} from './lambda-errors.ts';

export interface InvokeTarget {
  readonly functionName: string;
  /** A version or an alias; undefined means `$LATEST`. */
  readonly qualifier: string | undefined;
  /** The plain Invoke call; the others that also run a function are not offered for tenants. */
  readonly isPlain: boolean;
}

export type InvocationType = 'RequestResponse' | 'Event' | 'DryRun';

const PATH =
  /^\/(?:2015-03-31\/functions\/([^/]+)\/(invocations)|2014-11-13\/functions\/([^/]+)\/invoke-async|2021-11-15\/functions\/([^/]+)\/response-streaming-invocations)\/?$/;
/** A name, `name:qualifier`, `account:function:name`, or an ARN, each with or without a qualifier. */
const FUNCTION = /^(?:(?:arn:[\w-]+:lambda:[\w-]+:)?\d{12}:function:)?([\w-]{1,64})(?::(\$LATEST|[\w-]+))?$/;
/** docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, X-Amz-Tenant-Id. */
const TENANT_ID = /^[a-zA-Z0-9._:/=+\-@ ]{1,256}$/;

/**
 * @returns undefined for any other call
 * @throws LambdaError for a name that is none: the cloud might read it as that of a tenants' function
 */
export function readTarget({ method, url = '' }: IncomingMessage): InvokeTarget | undefined {
  const { pathname, searchParams } = new URL(url, 'http://runner');
  const [, plain, isPlain, ...others] = PATH.exec(pathname) ?? [];
  const encoded = plain ?? others.find(Boolean);
  if (method !== 'POST' || encoded === undefined) return undefined;
  const [, functionName, ownQualifier] = FUNCTION.exec(decode(encoded)) ?? [];
  if (functionName === undefined)
    throw invalidParameter(`${decode(encoded)} is not a function's name or ARN.`);
  const qualifier = ownQualifier ?? searchParams.get('Qualifier') ?? undefined;
  return { functionName, qualifier, isPlain: isPlain !== undefined };
}

export function readInvocationType({ headers }: IncomingMessage): InvocationType {
  const type = single(headers, 'x-amz-invocation-type') ?? 'RequestResponse';
  if (type === 'RequestResponse' || type === 'Event' || type === 'DryRun') return type;
  throw invalidParameter(`The invocation type ${type} is not known.`);
}

/** @throws LambdaError before anything of the body is read */
export function checkSize({ headers }: IncomingMessage, type: InvocationType): void {
  const limit = limitOf(type);
  if (Number(headers['content-length'] ?? 0) > limit) throw requestTooLarge(limit);
}

/** @throws LambdaError */
export function readTenantId({ headers }: IncomingMessage): string {
  const tenantId = single(headers, 'x-amz-tenant-id');
  if (tenantId === undefined || !TENANT_ID.test(tenantId)) throw tenantMissing();
  return tenantId;
}

/** @throws LambdaError */
export async function readInvocation(
  request: IncomingMessage,
  type: InvocationType,
  tenantId: string,
): Promise<Invocation> {
  const limit = limitOf(type);
  const body = await readBody(request, limit);
  if (body === undefined) throw requestTooLarge(limit);
  const { headers } = request;
  return {
    id: randomUUID(),
    payload: body.length > 0 ? checkJson(body) : Buffer.from('{}'),
    tenantId,
    clientContext: decodeContext(single(headers, 'x-amz-client-context')),
    traceId: single(headers, 'x-amzn-trace-id') ?? makeTraceId(),
    wantsLog: type === 'RequestResponse' && single(headers, 'x-amz-log-type') === 'Tail',
  };
}

function limitOf(type: InvocationType): number {
  return type === 'Event' ? MAX_ASYNC_REQUEST_BYTES : MAX_SYNC_REQUEST_BYTES;
}

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function checkJson(body: Buffer): Buffer {
  try {
    JSON.parse(body.toString());
    return body;
  } catch (error) {
    throw new LambdaError(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${error instanceof Error ? error.message : error}`,
      { Type: 'User' },
    );
  }
}

function decodeContext(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  const json = Buffer.from(encoded, 'base64').toString();
  checkJson(Buffer.from(json));
  // It goes on as a header, which cannot carry everything that JSON can.
  return JSON.stringify(JSON.parse(json)).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function makeTraceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}
