/**
 * The one table: keys, record types and the hourly expiry index (docs/architecture.md has the same table).
 * `expiresAt` is when a record stops being shown; `dueAt`/`dueHour` when clean-up has to look at it;
 * `ttl` a day after expiry, DynamoDB's own lazy deletion, which must come after clean-up or it would take
 * the record that still leads to an object.
 */
import type { FileId, RunId, UserId } from './ids.ts';

export const DUE_INDEX = 'due';
const TTL_GRACE_SECONDS = 86_400;

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export interface FileRecord extends Key, Expiry {
  readonly type: 'file';
  readonly userId: UserId;
  readonly fileId: FileId;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly objectKey: string;
  /** `upload`: the user's own, in the 20-file quota; `run`: produced, in the byte quota. */
  readonly origin: 'upload' | 'run';
  /** `pending` until its object is stored, `deleting` once it made room for another. */
  readonly status: 'pending' | 'ready' | 'deleting';
  /** Unix seconds with their fraction: decides which file is older. */
  readonly createdAt: number;
}

export interface RunRecord extends Key, Expiry {
  readonly type: 'run';
  readonly runId: RunId;
  readonly status: 'queued' | 'running' | 'done' | 'failed';
  /** The interaction as Discord sent it: JSON, with the code and the reply token in it. */
  readonly interaction: string;
  readonly createdAt: number;
}

export interface Expiry {
  readonly expiresAt: number;
  readonly dueAt: number;
  readonly dueHour: string;
  readonly ttl: number;
}

export const fileKey = (userId: UserId, fileId: FileId): Key => ({
  pk: userKey(userId),
  sk: `FILE#${fileId}`,
});
export const usageKey = (userId: UserId): Key => ({ pk: userKey(userId), sk: 'USAGE' });
export const runKey = (runId: RunId): Key => ({ pk: `RUN#${runId}`, sk: 'RUN' });
export const CLEANUP_KEY: Key = { pk: 'STATE', sk: 'CLEANUP' };
export const userKey = (userId: UserId): string => `USER#${userId}`;

/** Where a run's produced files land: the n-th slot is `${prefix}${n}`. */
export const outputPrefix = (runId: RunId): string => `outputs/${runId}/`;
export const uploadObjectKey = (userId: UserId, fileId: FileId): string => `files/${userId}/${fileId}`;

/**
 * @param expiresAt unix seconds
 * @param dueAt unix seconds; differs from expiry while a record waits for its object
 */
export function expiry(expiresAt: number, dueAt: number = expiresAt): Expiry {
  // Whole seconds: DynamoDB's TTL and Discord's timestamps take nothing else.
  const [expires, due] = [Math.floor(expiresAt), Math.floor(dueAt)];
  return {
    expiresAt: expires,
    dueAt: due,
    dueHour: hourOf(due),
    ttl: Math.max(expires, due) + TTL_GRACE_SECONDS,
  };
}

/** The partition of the expiry index for a time, e.g. `2026-11-23T19` (UTC). */
export function hourOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().slice(0, 13);
}
