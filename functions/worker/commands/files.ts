/** `/files`: what a user has stored, newest first, never showing what has expired. */
import type { Interaction } from '../../shared/interaction.ts';
import type { Limits } from '../../shared/limits.ts';
import type { FileRecord } from '../../shared/records.ts';
import type { FileStore } from '../file-store.ts';
import { count, formatBytes, relativeTime } from '../reply/format.ts';
import type { Reply } from '../reply/message.ts';
import { inlineCode } from '../reply/text.ts';
import type { Command } from './types.ts';

export interface FilesPorts {
  readonly files: Pick<FileStore, 'list'>;
  readonly limits: Limits;
}

/** Rows that fit one message with room for the heading: a row has about 130 characters of 4,000. */
const MAX_ROWS = 22;

export function createFilesCommand({ files, limits }: FilesPorts): Command {
  return async ({ userId }: Interaction): Promise<Reply> => {
    const all = await files.list(userId);
    if (all.length === 0) {
      return {
        tone: 'neutral',
        texts: ['**You have no files stored.** `/upload` keeps one for your next runs.'],
      };
    }
    const uploads = all.filter(({ origin }) => origin === 'upload');
    const bytes = all.reduce((sum, { size }) => sum + size, 0);
    const produced = all.length - uploads.length;
    const heading = `**Your files** · ${uploads.length} of ${count(limits.maxFiles, 'upload')}${
      produced ? ` · ${produced} made by your code` : ''
    } · ${formatBytes(bytes)}`;
    const rest = all.length - MAX_ROWS;
    return {
      tone: 'neutral',
      texts: [heading, all.slice(0, MAX_ROWS).map(row).join('\n')],
      notes: [
        ...(rest > 0 ? [`… and ${count(rest, 'older file')}.`] : []),
        'Use a file in your code by its name or its id. Of several with one name, the newest is used.',
      ],
    };
  };
}

const row = ({ name, size, expiresAt, fileId, origin }: FileRecord): string =>
  `${inlineCode(name, 40)} · ${formatBytes(size)} · expires ${relativeTime(expiresAt)}${
    origin === 'run' ? ' · made by your code' : ''
  }\n-# id \`${fileId}\``;
