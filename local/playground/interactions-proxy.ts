/**
 * `POST /interactions`: hands what a signer sends to the deployed HTTP API, byte for byte, and its answer
 * back. It has one destination, and passes on only the headers that the signature needs.
 */
import { readAtMost } from '../discord/read-at-most.ts';

/** Of an HTTP API: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const INTEGRATION_TIMEOUT_MS = 30_000;
const PASSED_ON = ['content-type', 'x-signature-ed25519', 'x-signature-timestamp'] as const;

/** @param target the HTTP API's URL; null while it is not deployed yet */
export async function forwardInteraction(request: Request, target: string | null): Promise<Response> {
  if (request.method !== 'POST') return say(405, 'Interactions are sent with POST.', { allow: 'POST' });
  if (target === null) return say(503, 'Slashbox is still starting. GET /healthz says when it is ready.');
  const body = await readAtMost(request, MAX_BODY_BYTES);
  if (!body) return say(413, 'Request Entity Too Large');
  try {
    const answer = await fetch(target, {
      method: 'POST',
      headers: pick(request.headers),
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(INTEGRATION_TIMEOUT_MS),
    });
    const type = answer.headers.get('content-type');
    const bytes = await answer.arrayBuffer();
    const hasNoBody = answer.status === 204 || answer.status === 304;
    return new Response(hasNoBody ? null : bytes, {
      status: answer.status,
      ...(type && { headers: { 'content-type': type } }),
    });
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    return isLate
      ? say(503, 'Service Unavailable')
      : say(502, 'The HTTP API behind this endpoint does not answer.');
  }
}

function pick(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

const say = (status: number, message: string, headers: Record<string, string> = {}): Response =>
  Response.json({ message }, { status, headers });
