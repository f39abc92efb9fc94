/** Reads a request's body up to a limit, without cutting off whoever is still sending. */

/** A sender of this many times the limit is not listened to until the end. */
const PATIENCE = 8;

/**
 * What exceeds the limit is received and dropped, so that the sender gets to read the refusal.
 * @returns undefined where the body has more than `limit` bytes
 */
export async function readAtMost(
  request: Request,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit * PATIENCE) return undefined;
    if (size <= limit) chunks.push(chunk);
  }
  return size > limit ? undefined : new Uint8Array(Buffer.concat(chunks));
}
