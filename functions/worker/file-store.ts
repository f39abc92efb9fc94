/**
 * Users' files: an object in S3 and a record in DynamoDB, in an order of writes that leaves nothing
 * unfindable when it stops half-way: record `pending` → object → record `ready`, which in the same
 * transaction lets older files make room; deleting: object → record (docs/adr/0007-room-is-made-last.md).
 */
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../shared/clock.ts';
import { safeFileName } from '../shared/file-names.ts';
import { newFileId, type UserId } from '../shared/ids.ts';
import type { Limits } from '../shared/limits.ts';
import { expiry, type FileRecord, fileKey, uploadObjectKey, usageKey, userKey } from '../shared/records.ts';
import type { ObjectStore } from './object-store.ts';
import { planRoom } from './quota.ts';

export interface NewFile {
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
}

export interface StoredFile {
  readonly file: FileRecord;
  /** Files of the same user that made room for this one. */
  readonly evicted: readonly FileRecord[];
}

export interface FileStore {
  /** The user's files that are complete and not expired, newest first. */
  list(userId: UserId): Promise<FileRecord[]>;
  /** Stores an upload; `path` is a local file with the bytes. */
  upload(userId: UserId, file: NewFile, path: string): Promise<StoredFile>;
  /** Makes an object that a run has produced one of the user's files. */
  adopt(userId: UserId, file: NewFile, objectKey: string): Promise<StoredFile>;
  /** Deletes object, then record. Deleting what is gone already is fine. */
  remove(file: FileRecord): Promise<void>;
}

export interface FileStoreOptions {
  readonly documents: DynamoDBDocumentClient;
  readonly objects: ObjectStore;
  readonly table: string;
  readonly limits: Limits;
  readonly clock: Clock;
}

/** Another upload of the same user won; after so many in a row something else is wrong. */
const MAX_ATTEMPTS = 10;
/** Seconds until clean-up takes a record whose object never came. */
const PENDING_SECONDS = 3_600;

export function createFileStore({ documents, objects, table, limits, clock }: FileStoreOptions): FileStore {
  return {
    async list(userId) {
      const now = clock();
      return (await allOf(userId)).filter((file) => file.status === 'ready' && file.expiresAt > now);
    },

    async upload(userId, file, path) {
      const record = await begin(userId, 'upload', file);
      try {
        await objects.putFile(record.objectKey, path, record.contentType);
      } catch (error) {
        // Only tidier than waiting for clean-up; where this fails too, clean-up does it.
        await remove(record).catch(() => undefined);
        throw error;
      }
      return finish(record);
    },

    async adopt(userId, file, objectKey) {
      return finish(await begin(userId, 'run', file, objectKey));
    },

    remove,
  };

  async function remove({ userId, fileId, objectKey }: FileRecord): Promise<void> {
    await objects.remove(objectKey);
    await documents.send(new DeleteCommand({ TableName: table, Key: fileKey(userId, fileId) }));
  }

  /** Strongly consistent: what a user has just uploaded is there for the next command. */
  async function allOf(userId: UserId): Promise<FileRecord[]> {
    const files: FileRecord[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const page = await documents.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :user AND begins_with(sk, :file)',
          ExpressionAttributeValues: { ':user': userKey(userId), ':file': 'FILE#' },
          ConsistentRead: true,
          ...(start && { ExclusiveStartKey: start }),
        }),
      );
      files.push(...((page.Items ?? []) as FileRecord[]));
      start = page.LastEvaluatedKey;
    } while (start);
    return files.sort((a, b) => b.createdAt - a.createdAt || b.fileId.localeCompare(a.fileId));
  }

  async function begin(
    userId: UserId,
    origin: FileRecord['origin'],
    { name, contentType, size }: NewFile,
    objectKey?: string,
  ): Promise<FileRecord> {
    const now = clock();
    const fileId = newFileId(userId, now);
    const file: FileRecord = {
      ...fileKey(userId, fileId),
      ...expiry(now + limits.fileLifetimeSeconds, now + PENDING_SECONDS),
      type: 'file',
      userId,
      fileId,
      name: safeFileName(name),
      contentType,
      size,
      objectKey: objectKey ?? uploadObjectKey(userId, fileId),
      origin,
      status: 'pending',
      createdAt: now,
    };
    await documents.send(
      new PutCommand({ TableName: table, Item: file, ConditionExpression: 'attribute_not_exists(pk)' }),
    );
    return file;
  }

  /** `ready`, and whoever has to make room `deleting`, in one transaction guarded by the user's version. */
  async function finish(file: FileRecord): Promise<StoredFile> {
    const { userId } = file;
    const ready: FileRecord = { ...file, ...expiry(file.expiresAt), status: 'ready' };
    for (let attempt = 1; ; attempt++) {
      const now = clock();
      // Before the files: a change between the two reads must make the transaction fail, not pass unseen.
      const version = await versionOf(userId);
      const others = (await allOf(userId)).filter(({ fileId }) => fileId !== file.fileId);
      const evicted = planRoom(others, file, limits, now);
      try {
        await documents.send(
          new TransactWriteCommand({
            TransactItems: [
              bumpVersion(userId, version),
              move(file, ready),
              ...evicted.map((victim) => move(victim, { ...victim, ...expiry(now), status: 'deleting' })),
            ],
          }),
        );
      } catch (error) {
        if (!(error instanceof TransactionCanceledException) || attempt === MAX_ATTEMPTS) throw error;
        await backOff(attempt);
        continue;
      }
      // Marked in the transaction already: where this fails, clean-up takes them within the hour.
      await Promise.allSettled(evicted.map(remove));
      return { file: ready, evicted };
    }
  }

  async function versionOf(userId: UserId): Promise<number> {
    const { Items } = await documents.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk = :sk',
        ExpressionAttributeValues: { ':pk': usageKey(userId).pk, ':sk': usageKey(userId).sk },
        ConsistentRead: true,
      }),
    );
    return Number(Items?.[0]?.version ?? 0);
  }

  function bumpVersion(userId: UserId, version: number) {
    return {
      Update: {
        TableName: table,
        Key: usageKey(userId),
        UpdateExpression: 'SET version = :next',
        ConditionExpression: version === 0 ? 'attribute_not_exists(version)' : 'version = :version',
        ExpressionAttributeValues: { ':next': version + 1, ...(version > 0 && { ':version': version }) },
      },
    };
  }

  function move(from: FileRecord, to: FileRecord) {
    return {
      Update: {
        TableName: table,
        Key: fileKey(from.userId, from.fileId),
        UpdateExpression: 'SET #status = :to, dueAt = :dueAt, dueHour = :dueHour, #ttl = :ttl',
        ConditionExpression: '#status = :from',
        ExpressionAttributeNames: { '#status': 'status', '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':from': from.status,
          ':to': to.status,
          ':dueAt': to.dueAt,
          ':dueHour': to.dueHour,
          ':ttl': to.ttl,
        },
      },
    };
  }
}

/** Full jitter, 20 to 400 ms: two uploads of one user meet rarely and briefly. */
const backOff = (attempt: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(400, 20 * 2 ** attempt)));
