/**
 * Turns what a run says it produced into the user's stored files. Only the slot number is taken from the
 * executor's word, and only where it is one that we gave out; whether something is there and how large it
 * is, S3 says.
 */
import type { ExecutorResult } from '../shared/executor-protocol.ts';
import { safeFileName } from '../shared/file-names.ts';
import type { Interaction } from '../shared/interaction.ts';
import type { Limits } from '../shared/limits.ts';
import { type FileRecord, outputPrefix } from '../shared/records.ts';
import { contentTypeOf, imageTypeOf } from './content-type.ts';
import type { FileStore } from './file-store.ts';
import type { ObjectStore } from './object-store.ts';
import { formatBytes } from './reply/format.ts';
import { MAX_ATTACHMENTS } from './reply/message.ts';

export interface Output {
  readonly file: FileRecord;
  readonly kind: 'figure' | 'file';
  /** The bytes, where the file goes into the message. */
  readonly data?: Uint8Array;
  /** Set where the bytes are an image that Discord shows. */
  readonly imageType?: string;
  /** A link that reads the file for some minutes, where it is too large for the message. */
  readonly link?: string;
}

export interface Outputs {
  readonly kept: readonly Output[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

interface OutputPorts {
  readonly files: Pick<FileStore, 'adopt'>;
  readonly objects: ObjectStore;
  readonly limits: Limits;
}

/** Bytes of all attachments of one message together: Discord's 25 MiB, less room for the rest of the body. */
const MAX_MESSAGE_BYTES = 24 * 1024 * 1024;
/** One place in the message stays free for `output.txt`. */
const ATTACHED_FILES = MAX_ATTACHMENTS - 1;
const MAX_LINKS = 2;
const LINK_SECONDS = 900;

export async function adoptOutputs(
  { id, userId, attachmentSizeLimit }: Interaction,
  result: ExecutorResult,
  { files, objects, limits }: OutputPorts,
): Promise<Outputs> {
  const kept: Output[] = [];
  const skipped = [...result.skipped_files];
  const slots = new Set<number>();
  let room = MAX_MESSAGE_BYTES;
  let links = 0;

  for (const { slot, name, kind } of result.files) {
    if (slot >= limits.producedFiles || slots.has(slot)) continue;
    slots.add(slot);
    const key = `${outputPrefix(id)}${slot}`;
    const size = await objects.size(key);
    if (size === undefined || size > limits.maxFileBytes) {
      skipped.push({
        name,
        reason: size === undefined ? 'it did not arrive' : `it has ${formatBytes(size)}`,
      });
      continue;
    }
    const { file } = await files.adopt(userId, { name, contentType: contentTypeOf(name), size }, key);
    const fits =
      kept.filter(({ data }) => data).length < ATTACHED_FILES && size <= Math.min(room, attachmentSizeLimit);
    if (fits) {
      const data = await objects.read(key);
      room -= data.byteLength;
      const imageType = imageTypeOf(data);
      kept.push({ file, kind, data, ...(imageType && { imageType }) });
    } else if (links < MAX_LINKS) {
      links++;
      kept.push({ file, kind, link: await objects.signGet(key, LINK_SECONDS, safeFileName(name)) });
    } else kept.push({ file, kind });
  }
  return { kept, skipped };
}
