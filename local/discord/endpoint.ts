/** Calls an application's endpoint as Discord does: signed, with three seconds for the answer. */
import type { SigningKey } from './signing-key.ts';

export interface SignedRequest {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SignedRequestOptions {
  /** Unix seconds, or any text in their place; now where it is not set. */
  readonly timestamp?: number | string;
  /** Changes the request after it was signed, or its signature: what a forger would do. */
  readonly tamper?: (request: { body: Uint8Array; headers: Record<string, string> }) => {
    body: Uint8Array;
    headers: Record<string, string>;
  };
  readonly signal?: AbortSignal;
}

export interface EndpointAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export type CallEndpoint = (
  body: Uint8Array | string | object,
  options?: SignedRequestOptions,
) => Promise<EndpointAnswer>;

/** https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers */
export function createEndpointCaller(
  endpoint: () => string,
  key: SigningKey,
  now: () => number,
): CallEndpoint {
  return async (given, { timestamp, tamper, signal } = {}) => {
    const sentAt = String(timestamp ?? Math.floor(now() / 1000));
    const raw = typeof given === 'string' || given instanceof Uint8Array ? given : JSON.stringify(given);
    const bytes = Buffer.from(raw as string);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Discord-Interactions/1.0 (+https://discord.com)',
      'x-signature-ed25519': key.sign(sentAt, bytes),
      'x-signature-timestamp': sentAt,
    };
    const request: SignedRequest = { body: bytes, headers };
    const sent = tamper ? tamper(request) : request;
    const response = await fetch(endpoint(), {
      method: 'POST',
      headers: sent.headers,
      body: new Uint8Array(sent.body),
      redirect: 'manual',
      ...(signal && { signal }),
    });
    const contentType = response.headers.get('content-type') ?? '';
    return { status: response.status, contentType, text: await response.text() };
  };
}
