/** Reads an HTTP body up to a bound. */
import type { IncomingMessage } from 'node:http';

/** @returns undefined where there are more than `maxBytes`; the rest is read and dropped, so that the sender can listen */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= maxBytes ? Buffer.concat(chunks) : undefined;
}
