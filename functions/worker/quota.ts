/**
 * Decides which of a user's files make room for a new one.
 * Uploads count by number and only uploads make room for them; produced files count by bytes and only
 * produced files make room: a run never evicts an upload.
 */
import type { FileRecord } from '../shared/records.ts';

export interface Quota {
  readonly maxFiles: number;
  readonly producedBytes: number;
}

/**
 * @param files all other records of the user, in any order; only complete ones count
 * @param now unix seconds
 * @returns the oldest files that have to go, oldest first
 */
export function planRoom(
  files: readonly FileRecord[],
  incoming: Pick<FileRecord, 'origin' | 'size'>,
  quota: Quota,
  now: number,
): FileRecord[] {
  const counted = files
    .filter((file) => file.origin === incoming.origin && file.status === 'ready' && file.expiresAt > now)
    .sort((a, b) => a.createdAt - b.createdAt || a.fileId.localeCompare(b.fileId));
  return incoming.origin === 'upload'
    ? counted.slice(0, Math.max(0, counted.length + 1 - quota.maxFiles))
    : oldestBytes(
        counted,
        counted.reduce((sum, file) => sum + file.size, incoming.size) - quota.producedBytes,
      );
}

function oldestBytes(files: readonly FileRecord[], excess: number): FileRecord[] {
  const victims: FileRecord[] = [];
  let freed = 0;
  for (const file of files) {
    if (freed >= excess) break;
    victims.push(file);
    freed += file.size;
  }
  return victims;
}
