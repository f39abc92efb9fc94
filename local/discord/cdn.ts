/**
 * The place where uploads of users and files of replies lie, behind links that are signed and expire as
 * Discord's are (`ex`, `is`, `hm`; 24 hours: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls).
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { APIAttachment } from 'discord-api-types/v10';
import { normaliseFileName, typeOf } from './file-names.ts';
import { type ImageSize, imageSize } from './image-size.ts';

export interface StoredFile {
  readonly id: string;
  readonly filename: string;
  readonly title: string | undefined;
  readonly contentType: string | undefined;
  readonly size: number;
  readonly ephemeral: boolean;
  readonly image: ImageSize | undefined;
  bytes(): Promise<Uint8Array>;
}

export interface NewFile {
  readonly name: string;
  readonly contentType?: string | undefined;
  /** The bytes, or a file on disk that stays as it is for as long as the fake runs. */
  readonly content: Uint8Array | { readonly path: string; readonly size: number };
  readonly ephemeral: boolean;
  /** Keep the name as it is, though Discord would not: for tests of hostile names. */
  readonly keepName?: boolean | undefined;
}

export interface Cdn {
  add(file: NewFile): Promise<StoredFile>;
  /** As the API shows a file, with a link that is good for 24 hours from now. */
  describe(file: StoredFile): APIAttachment;
  /** Frees what a file takes; its links end. */
  remove(id: string): void;
  /** @returns null where the path is not the CDN's */
  handle(request: Request): Promise<Response | null>;
}

interface CdnOptions {
  readonly now: () => number;
  readonly newId: () => string;
  readonly channelId: string;
  /** Where the server that mounts {@link Cdn.handle} is reached, without a slash at the end. */
  readonly origin: () => string;
}

const LIFETIME_SECONDS = 86_400;
const HEAD_BYTES = 65_536;
const PATH = /^\/(?:ephemeral-)?attachments\/(\d+)\/(\d+)\/([^/]+)$/;
/** Shown in the browser; everything else is downloaded: a user's page must not run beside the playground's. */
const INLINE = /^(image\/(png|gif|jpeg|webp)|audio\/|video\/|text\/(plain|csv))/;

export function createCdn({ now, newId, channelId, origin }: CdnOptions): Cdn {
  const key = randomBytes(32);
  const files = new Map<string, { readonly file: StoredFile; readonly content: NewFile['content'] }>();

  const signature = (path: string, expires: string, issued: string): string =>
    createHmac('sha256', key).update(`${path}?${expires}&${issued}`).digest('hex');

  const linkTo = ({ id, filename, ephemeral }: StoredFile): string => {
    const path = `/${ephemeral ? 'ephemeral-' : ''}attachments/${channelId}/${id}/${encodeURIComponent(filename)}`;
    const issued = Math.floor(now() / 1000);
    const [ex, is] = [(issued + LIFETIME_SECONDS).toString(16), issued.toString(16)];
    return `${origin()}${path}?ex=${ex}&is=${is}&hm=${signature(path, ex, is)}&`;
  };

  const find = (url: URL) => {
    const [, channel, id, filename] = PATH.exec(url.pathname) ?? [];
    const [ex, is, hm] = ['ex', 'is', 'hm'].map((name) => url.searchParams.get(name) ?? '') as [
      string,
      string,
      string,
    ];
    const stored = files.get(id ?? '');
    const expected = Buffer.from(signature(url.pathname, ex, is));
    const given = Buffer.from(hm);
    const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
    const isFresh = Number.parseInt(ex, 16) * 1000 > now();
    const isNamed = channel === channelId && encodeURIComponent(stored?.file.filename ?? '') === filename;
    return isSigned && isFresh && isNamed ? stored : undefined;
  };

  return {
    async add({ name, contentType, content, ephemeral, keepName }) {
      const id = newId();
      const { filename, title } = keepName ? { filename: name } : normaliseFileName(name);
      const file: StoredFile = {
        id,
        filename,
        title,
        contentType: contentType || typeOf(filename),
        size: content instanceof Uint8Array ? content.byteLength : content.size,
        ephemeral,
        image: imageSize(content instanceof Uint8Array ? content : await readHead(content.path)),
        bytes: async () => (content instanceof Uint8Array ? content : readFile(content.path)),
      };
      files.set(id, { file, content });
      return file;
    },
    describe(file) {
      const url = linkTo(file);
      return {
        id: file.id,
        filename: file.filename,
        ...(file.title && { title: file.title }),
        size: file.size,
        url,
        proxy_url: url,
        ...(file.contentType && { content_type: file.contentType }),
        ...file.image,
        ...(file.ephemeral && { ephemeral: true }),
      };
    },
    remove: (id) => void files.delete(id),
    async handle(request) {
      const url = new URL(request.url);
      if (!PATH.test(url.pathname)) return null;
      if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405 });
      const stored = find(url);
      if (!stored) return new Response('This content is no longer available.', { status: 404 });
      const body = request.method === 'HEAD' ? null : bodyOf(stored.content);
      return new Response(body, { headers: headersFor(stored.file) });
    },
  };
}

async function readHead(path: string): Promise<Uint8Array> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function bodyOf(content: NewFile['content']): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (content instanceof Uint8Array) return new Uint8Array(content);
  return Readable.toWeb(createReadStream(content.path)) as ReadableStream<Uint8Array>;
}

function headersFor({ filename, contentType, size }: StoredFile): Record<string, string> {
  const type = contentType ?? 'application/octet-stream';
  const disposition = INLINE.test(type) ? 'inline' : 'attachment';
  return {
    'content-type': /^[\x20-\x7e]+$/.test(type) ? type : 'application/octet-stream',
    'content-length': String(size),
    'content-disposition': `${disposition}; filename*=UTF-8''${encodeURIComponent(filename)}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=86400',
  };
}
