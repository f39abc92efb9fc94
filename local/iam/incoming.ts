/** Reads of a request what it takes to see which permissions it needs, and leaves the rest to be passed on. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { CLOUD_ACCOUNT, CLOUD_REGION } from '../cloud/ministack.ts';
import { type PeekedBody, type PeekedForm, peek, peekForm } from './body.ts';
import type { Call } from './calls/call.ts';
import { bodyNeeds } from './calls/permissions.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { Refused } from './refusal.ts';

export interface Incoming {
  /** Undefined for a call that is not signed. */
  readonly credentials: Credentials | undefined;
  readonly call: Call;
  /** What has to be sent on. */
  readonly body: Readable;
}

/** DynamoDB takes no more (amazondynamodb/latest/developerguide/Constraints.html). */
const MOST_BODY_BYTES = 16 * 2 ** 20;
const NOTHING = Buffer.alloc(0);

/** @throws Refused where what has to be read is too large */
export async function readIncoming(request: IncomingMessage): Promise<Incoming> {
  const { method = '', headers } = request;
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://gate');
  const found = readCredentials(headers, query);
  const head = { method, path, query, headers };
  const peeked = await peekAsNeeded(request, bodyNeeds({ ...head, service: found?.service }));
  const form = 'form' in peeked ? peeked.form : new Map<string, string>();
  const credentials = found ?? readCredentials({}, new URLSearchParams([...form]));
  const call: Call = {
    ...head,
    // Nothing else of AWS can be called without a signature.
    service: credentials?.service ?? 's3',
    region: credentials?.region ?? CLOUD_REGION,
    account: CLOUD_ACCOUNT,
    body: peeked.head,
    form,
  };
  return { credentials, call, body: peeked.whole };
}

async function peekAsNeeded(
  request: IncomingMessage,
  needs: ReturnType<typeof bodyNeeds>,
): Promise<PeekedBody | PeekedForm> {
  if (needs === 'none') return { head: NOTHING, whole: request };
  const peeked = needs === 'form' ? await peekForm(request) : await peek(request, MOST_BODY_BYTES);
  if (peeked) return peeked;
  const seen = { function: 'unknown', action: 'unknown', resource: request.url ?? '' };
  throw new Refused('The body is larger than what can be looked into here.', 's3', seen);
}
