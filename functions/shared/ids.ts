/** Ids as branded types, so that a user's id cannot be passed where a file's is meant. */
import { randomBytes } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A Discord user's snowflake. */
export type UserId = Branded<'UserId'>;
/** A run's id: the snowflake of the interaction that asked for it. */
export type RunId = Branded<'RunId'>;
/** `{user}_{unix seconds}_{8 hex digits}`, or an earlier bot's `user_123_…` form, kept verbatim. */
export type FileId = Branded<'FileId'>;

/** Snowflakes are 64-bit: at most 20 digits (https://discord.com/developers/docs/reference#snowflakes). */
const SNOWFLAKE = /^\d{1,20}$/;

/** @returns the id, or undefined where the value is not a snowflake */
export function asUserId(value: unknown): UserId | undefined {
  return typeof value === 'string' && SNOWFLAKE.test(value) ? (value as UserId) : undefined;
}

/** @returns the id, or undefined where the value is not a snowflake */
export function asRunId(value: unknown): RunId | undefined {
  return typeof value === 'string' && SNOWFLAKE.test(value) ? (value as RunId) : undefined;
}

/** @param nowSeconds unix time that the id carries */
export function newFileId(userId: UserId, nowSeconds: number): FileId {
  return `${userId}_${Math.floor(nowSeconds)}_${randomBytes(4).toString('hex')}` as FileId;
}
