/**
 * Decides whether a request comes from Discord: Ed25519 over timestamp + raw body, and not older than
 * five minutes, so that a recorded request cannot be played back later.
 */
import { verifyKey } from 'discord-interactions';
import type { Clock } from '../shared/clock.ts';

/** Seconds; in both directions, as clocks differ. */
const FRESHNESS_SECONDS = 300;

/**
 * @param body the bytes exactly as received: re-serialised JSON has another signature
 * @param publicKey hex, from the application's page in Discord's developer portal
 * @returns false for anything forged, stale or malformed; never throws
 */
export async function isFromDiscord(
  body: Uint8Array,
  signature: string | undefined,
  timestamp: string | undefined,
  publicKey: string,
  clock: Clock,
): Promise<boolean> {
  if (!signature || !timestamp || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(clock() - Number(timestamp)) > FRESHNESS_SECONDS) return false;
  // Awaited on purpose: the promise itself is truthy and would let everything in.
  return await verifyKey(Buffer.from(body), signature, timestamp, publicKey);
}
