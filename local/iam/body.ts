/** Reads as much of a request's body as its permissions depend on, and gives the whole of it on. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

export interface PeekedBody {
  /** Up to where `enough` was. */
  readonly head: Buffer;
  /** What has to be sent on: the head and the rest, which is still arriving. */
  readonly whole: Readable;
}

/** S3 allows 20 KB of fields before the file (AmazonS3/latest/API/sigv4-HTTPPOSTForms.html). */
const MOST_FIELD_BYTES = 65_536;

/**
 * @param enough of what has been read so far; never to read the body to its end
 * @returns undefined where there are more than `maxBytes` before that
 */
export async function peek(
  request: IncomingMessage,
  maxBytes: number,
  enough?: (head: Buffer) => boolean,
): Promise<PeekedBody | undefined> {
  const chunks = (request as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const read: Buffer[] = [];
  let size = 0;
  let tooLarge = false;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    // The rest is read and dropped, so that the sender can listen.
    if (tooLarge) continue;
    read.push(next.value);
    size += next.value.length;
    if (enough?.(Buffer.concat(read))) break;
    tooLarge = size > maxBytes;
  }
  if (tooLarge) return undefined;
  const head = Buffer.concat(read);
  return { head, whole: Readable.from(goOn(head, chunks), { objectMode: false }) };
}

async function* goOn(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}

export interface PeekedForm extends PeekedBody {
  /** Names in lower case. */
  readonly form: ReadonlyMap<string, string>;
}

/** The fields of a form up to its file. */
export async function peekForm(request: IncomingMessage): Promise<PeekedForm | undefined> {
  const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const atFile = (head: Buffer) =>
    /\r\nContent-Disposition: form-data; name="file"/i.test(head.toString('latin1'));
  const peeked = await peek(request, MOST_FIELD_BYTES, atFile);
  return peeked && { ...peeked, form: fieldsOf(peeked.head.toString(), boundary) };
}

function fieldsOf(head: string, boundary: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of `\r\n${head}`.split(`\r\n--${boundary}`)) {
    const [, headers = '', value = ''] = /^\r\n(.*?)\r\n\r\n(.*)$/s.exec(part) ?? [];
    const name = /^Content-Disposition: form-data;.*? name="([^"]*)"/im.exec(headers)?.[1]?.toLowerCase();
    // What follows is the file's own, whatever it looks like.
    if (name === 'file') break;
    if (name !== undefined) fields.set(name, value);
  }
  return fields;
}
