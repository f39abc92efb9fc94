/** `/upload`: keeps attachments for the operator's file lifetime and says under which id. */

import type { UserId } from '../../shared/ids.ts';
import type { Attachment, Interaction } from '../../shared/interaction.ts';
import type { Limits } from '../../shared/limits.ts';
import type { FileRecord } from '../../shared/records.ts';
import { fetchAttachment } from '../attachments.ts';
import { contentTypeOf } from '../content-type.ts';
import type { FileStore } from '../file-store.ts';
import { count, formatBytes, relativeTime } from '../reply/format.ts';
import type { Reply } from '../reply/message.ts';
import { inlineCode } from '../reply/text.ts';
import type { Command } from './types.ts';

export type UploadResult =
  | {
      readonly success: true;
      readonly file_id: string;
      readonly file: FileRecord;
      readonly evicted: readonly FileRecord[];
    }
  | { readonly success: false; readonly error: string };

export interface UploadPorts {
  readonly files: Pick<FileStore, 'list' | 'upload'>;
  readonly cdnHosts: readonly string[];
  readonly limits: Limits;
}

/** Discord's own ceiling for one form. */
const MAX_ATTACHMENTS = 10;

export function createUploadCommand(ports: UploadPorts): Command {
  return async (interaction: Interaction): Promise<Reply> => {
    const attachments = interaction.attachments('file').slice(0, MAX_ATTACHMENTS);
    if (attachments.length === 0) {
      return { tone: 'bad', texts: ['❌ **No file came with this.** Attach one and try again.'] };
    }
    const lines: string[] = [];
    let stored = 0;
    for (const attachment of attachments) {
      const result = await storeAttachment(interaction.userId, attachment, ports);
      if (result.success) stored++;
      lines.push(describe(attachment.name, result));
    }
    const uploads = (await ports.files.list(interaction.userId)).filter(({ origin }) => origin === 'upload');
    return {
      tone: stored === attachments.length ? 'good' : stored ? 'neutral' : 'bad',
      texts: [lines.join('\n')],
      notes: [
        `You have ${uploads.length} of ${count(ports.limits.maxFiles, 'file')}. ${
          stored
            ? 'Use them in your code by name, for instance `pd.read_csv("…")`.'
            : 'Nothing was stored this time.'
        }`,
      ],
    };
  };
}

/** One attachment from Discord into the store; what is wrong with it is said in `error`. */
export async function storeAttachment(
  userId: UserId,
  attachment: Attachment,
  { files, cdnHosts, limits }: UploadPorts,
): Promise<UploadResult> {
  const fetched = await fetchAttachment(attachment, { hosts: cdnHosts, maxBytes: limits.maxFileBytes });
  if ('problem' in fetched) return { success: false, error: fetched.problem };
  try {
    const contentType = contentTypeOf(attachment.name, attachment.contentType);
    const { file, evicted } = await files.upload(
      userId,
      { name: attachment.name, contentType, size: fetched.size },
      fetched.path,
    );
    return { success: true, file_id: file.fileId, file, evicted };
  } finally {
    await fetched.dispose();
  }
}

function describe(givenName: string, result: UploadResult): string {
  if (!result.success) return `❌ **Not stored:** ${inlineCode(givenName)} – ${result.error}.`;
  const { file, evicted } = result;
  const renamed = file.name === givenName ? '' : ' (its name had characters that a file name cannot keep)';
  const room = evicted.length
    ? `\n⚠️ To make room, your oldest file went: ${evicted.map(({ name }) => inlineCode(name)).join(', ')}.`
    : '';
  return `✅ **Stored** ${inlineCode(file.name)}${renamed} · ${formatBytes(file.size)} · expires ${relativeTime(file.expiresAt)}\n-# id \`${file.fileId}\`${room}`;
}
