/**
 * Five requests in two seconds for each webhook: not in Discord's documentation, which asks clients to
 * read the headers, but what staff named (https://github.com/discord/discord-api-docs/issues/367).
 */
import { createHash } from 'node:crypto';

const LIMIT = 5;
const WINDOW_MS = 2_000;

export interface RateLimiter {
  /** Counts one request. @returns headers for its answer, and the 429 where it is one too many */
  count(webhook: string): { readonly headers: Readonly<Record<string, string>>; readonly refusal?: Response };
}

/** @param now unix milliseconds */
export function createRateLimiter(now: () => number): RateLimiter {
  const windows = new Map<string, { readonly endsAt: number; used: number }>();
  return {
    count(webhook) {
      const time = now();
      for (const [key, { endsAt }] of windows) if (endsAt <= time) windows.delete(key);
      const window = windows.get(webhook) ?? { endsAt: time + WINDOW_MS, used: 0 };
      windows.set(webhook, window);
      const isTooMany = window.used >= LIMIT;
      if (!isTooMany) window.used += 1;
      const seconds = (window.endsAt - time) / 1000;
      const headers = {
        'x-ratelimit-bucket': createHash('sha256').update(webhook).digest('hex').slice(0, 32),
        'x-ratelimit-limit': String(LIMIT),
        'x-ratelimit-remaining': String(LIMIT - window.used),
        'x-ratelimit-reset': (window.endsAt / 1000).toFixed(3),
        'x-ratelimit-reset-after': seconds.toFixed(3),
      };
      return isTooMany ? { headers, refusal: refuse(seconds, headers) } : { headers };
    },
  };
}

function refuse(seconds: number, headers: Readonly<Record<string, string>>): Response {
  return Response.json(
    { message: 'You are being rate limited.', retry_after: Number(seconds.toFixed(3)), global: false },
    {
      status: 429,
      headers: {
        ...headers,
        'retry-after': String(Math.ceil(seconds)),
        'x-ratelimit-scope': 'user',
      },
    },
  );
}
