/** File records with everything that a test does not care about filled in. */
import type { FileId, UserId } from '../../functions/shared/ids.ts';
import { expiry, type FileRecord, fileKey, uploadObjectKey } from '../../functions/shared/records.ts';
import { ADA } from './interactions.ts';

let counter = 0;

export function fileRecord(change: Partial<Omit<FileRecord, 'pk' | 'sk'>> = {}): FileRecord {
  const userId = change.userId ?? (ADA as UserId);
  const createdAt = change.createdAt ?? 1_790_000_000;
  const fileId =
    change.fileId ?? (`${userId}_${createdAt}_${(++counter).toString(16).padStart(8, '0')}` as FileId);
  return {
    ...fileKey(userId, fileId),
    ...expiry(createdAt + 172_800),
    type: 'file',
    userId,
    fileId,
    name: 'sales.csv',
    contentType: 'text/csv',
    size: 100,
    objectKey: uploadObjectKey(userId, fileId),
    origin: 'upload',
    status: 'ready',
    createdAt,
    ...change,
  };
}
