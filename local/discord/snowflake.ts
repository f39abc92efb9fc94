/** Discord's ids: milliseconds since 2015, a worker, a process and a counter in 64 bits. */

/** https://discord.com/developers/docs/reference#snowflakes */
const DISCORD_EPOCH_MS = 1_420_070_400_000n;

/**
 * @param now unix milliseconds
 * @returns a function that gives a new id at every call, rising in order even within one millisecond
 */
export function createSnowflakes(now: () => number): () => string {
  let last = 0n;
  return () => {
    const next = (BigInt(Math.floor(now())) - DISCORD_EPOCH_MS) << 22n;
    last = next > last ? next : last + 1n;
    return String(last);
  };
}

/** @returns unix milliseconds at which the id was made */
export function snowflakeTime(id: string): number {
  return Number((BigInt(id) >> 22n) + DISCORD_EPOCH_MS);
}
