/** Files that users attach: checked against the user's upload limit, kept by the CDN, shown as resolved attachments. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { APIAttachment } from 'discord-api-types/v10';
import type { Cdn, StoredFile } from './cdn.ts';
import { ClientRefusal } from './errors.ts';

/** A file that a user attaches. */
export type AttachmentInput =
  | {
      readonly name: string;
      readonly content: Uint8Array | string;
      readonly contentType?: string;
      /** Send the name as it is, though Discord would normalise it: for tests of hostile names. */
      readonly keepName?: boolean;
    }
  /** Uploaded before through {@link Uploads.stage}. */
  | { readonly uploadId: string }
  /** Sent exactly as it is, for instance with a link to a host that is not Discord's. */
  | { readonly verbatim: APIAttachment };

export interface Uploads {
  /**
   * Streams a file to disk, as the page does before a command is sent.
   * @throws ClientRefusal where it exceeds the user's limit; nothing stays behind
   */
  stage(name: string, contentType: string | undefined, body: ReadableStream<Uint8Array>): Promise<StoredFile>;
  /** @throws ClientRefusal for a file over the user's limit or an upload that does not exist */
  take(input: AttachmentInput): Promise<APIAttachment>;
  /** A stored file that is to appear on a user's own message. */
  store(input: AttachmentInput): Promise<StoredFile>;
  readonly maxBytes: number;
  /** Removes what was written to disk. */
  close(): Promise<void>;
}

export function createUploads(cdn: Cdn, maxBytes: number): Uploads {
  const staged = new Map<string, StoredFile>();
  let directory: Promise<string> | undefined;
  let count = 0;

  const store = async (input: AttachmentInput): Promise<StoredFile> => {
    if ('uploadId' in input) {
      const file = staged.get(input.uploadId);
      if (!file) throw new ClientRefusal('This upload is gone. Choose the file again.');
      return file;
    }
    if ('verbatim' in input) throw new ClientRefusal('A verbatim attachment cannot stand on a message.');
    const { name, contentType, keepName } = input;
    const content = typeof input.content === 'string' ? Buffer.from(input.content) : input.content;
    if (content.byteLength > maxBytes) throw tooPowerful(maxBytes);
    return cdn.add({ name, contentType, content, ephemeral: true, keepName });
  };

  return {
    maxBytes,
    async stage(name, contentType, body) {
      directory ??= mkdtemp(join(tmpdir(), 'slashbox-discord-'));
      count += 1;
      const path = join(await directory, String(count));
      let size = 0;
      const measure = new Transform({
        // What exceeds the limit is received and dropped, so that the sender gets to read the refusal.
        transform(chunk: Uint8Array, _encoding, done) {
          size += chunk.byteLength;
          if (size > maxBytes) done();
          else done(null, chunk);
        },
      });
      try {
        await pipeline(Readable.fromWeb(body as never), measure, createWriteStream(path));
        if (size > maxBytes) throw tooPowerful(maxBytes);
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      const file = await cdn.add({ name, contentType, content: { path, size }, ephemeral: true });
      staged.set(file.id, file);
      return file;
    },
    async take(input) {
      return 'verbatim' in input ? input.verbatim : cdn.describe(await store(input));
    },
    store,
    async close() {
      if (directory) await rm(await directory, { recursive: true, force: true });
    },
  };
}

const tooPowerful = (maxBytes: number): ClientRefusal =>
  new ClientRefusal(
    `Your files are too powerful: the largest file you may attach here has ${Math.floor(maxBytes / 1_048_576)} MiB.`,
  );
