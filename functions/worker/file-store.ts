/**
 * Users' files: an object in S3 and a record in DynamoDB, in an order of writes that leaves nothing
 * unfindable when it stops half-way: record `pending` (with the quota check, in one transaction) →
 * object → record `ready`; deleting: object → record.
 */
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../shared/clock.ts';
import { safeFileName } from '../shared/file-names.ts';
import { newFileId, type UserId } from '../shared/ids.ts';
import { FIXED_LIMITS, type Limits } from '../shared/limits.ts';
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

/** Somebody else's transaction won; after so many in a row something other than contention is wrong. */
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
      const stored = await reserve(userId, 'upload', file);
      try {
        await objects.putFile(stored.file.objectKey, path, stored.file.contentType);
      } catch (error) {
        await giveBack(stored);
        throw error;
      }
      return finish(stored);
    },

    async adopt(userId, file, objectKey) {
      return finish(await reserve(userId, 'run', file, objectKey));
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

  /** The quota check and the `pending` record in one transaction, guarded by the user's version counter. */
  async function reserve(
    userId: UserId,
    origin: FileRecord['origin'],
    { name, contentType, size }: NewFile,
    objectKey?: string,
  ): Promise<StoredFile> {
    for (let attempt = 1; ; attempt++) {
      const now = clock();
      const fileId = newFileId(userId, now);
      const version = await versionOf(userId);
      const evicted = planRoom(await allOf(userId), { origin, size }, { ...limits, ...FIXED_LIMITS }, now);
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
      try {
        await documents.send(
          new TransactWriteCommand({
            TransactItems: [
              bumpVersion(userId, version),
              {
                Put: { TableName: table, Item: file, ConditionExpression: 'attribute_not_exists(pk)' },
              },
              ...evicted.map((victim) => markDeleting(victim, now)),
            ],
          }),
        );
      } catch (error) {
        if (!(error instanceof TransactionCanceledException) || attempt === MAX_ATTEMPTS) throw error;
        await backOff(attempt);
        continue;
      }
      return { file, evicted };
    }
  }

  async function finish({ file, evicted }: StoredFile): Promise<StoredFile> {
    const due = expiry(file.expiresAt);
    await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: fileKey(file.userId, file.fileId),
        UpdateExpression: 'SET #status = :ready, dueAt = :dueAt, dueHour = :dueHour, #ttl = :ttl',
        ConditionExpression: '#status = :pending',
        ExpressionAttributeNames: { '#status': 'status', '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':ready': 'ready',
          ':pending': 'pending',
          ':dueAt': due.dueAt,
          ':dueHour': due.dueHour,
          ':ttl': due.ttl,
        },
      }),
    );
    // Marked in the transaction already: where this fails, clean-up takes them within the hour.
    await Promise.allSettled(evicted.map(remove));
    return { file: { ...file, ...due, status: 'ready' }, evicted };
  }

  /** A file that could not be stored must not have cost the user another one. */
  async function giveBack({ file, evicted }: StoredFile): Promise<void> {
    const restore = (victim: FileRecord) => documents.send(new UpdateCommand(setStatus(victim, victim)));
    await Promise.allSettled([remove(file), ...evicted.map(restore)]);
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

  function markDeleting(victim: FileRecord, now: number) {
    return { Update: setStatus(victim, { status: 'deleting', ...expiry(now) }) };
  }

  function setStatus(
    { userId, fileId }: FileRecord,
    { status, dueAt, dueHour }: Pick<FileRecord, 'status' | 'dueAt' | 'dueHour'>,
  ) {
    return {
      TableName: table,
      Key: fileKey(userId, fileId),
      UpdateExpression: 'SET #status = :status, dueAt = :dueAt, dueHour = :dueHour',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status, ':dueAt': dueAt, ':dueHour': dueHour },
    };
  }
}

/** Full jitter, 20 to 400 ms: two uploads of one user meet rarely and briefly. */
const backOff = (attempt: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(400, 20 * 2 ** attempt)));
