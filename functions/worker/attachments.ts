/**
 * Fetches a user's attachment into a temporary file: only from Discord's own hosts, never more bytes than
 * allowed, and only a complete file counts. What is wrong with an attachment is a value for the user.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Attachment } from '../shared/interaction.ts';
import { formatBytes } from './reply/format.ts';

/** A refusal in words for the person who attached the file. */
export interface AttachmentProblem {
  readonly problem: string;
}

export interface FetchedFile {
  readonly path: string;
  readonly size: number;
  /** Deletes the temporary file. */
  dispose(): Promise<void>;
}

export interface AttachmentOptions {
  /** `host[:port]` each; plain http and IP addresses count for loopback entries only. */
  readonly hosts: readonly string[];
  readonly maxBytes: number;
  readonly timeoutMs?: number;
}

/** Discord's two hosts for attachments. */
export const DISCORD_CDN_HOSTS = ['cdn.discordapp.com', 'media.discordapp.net'] as const;

class TooLargeError extends Error {}

/** @returns the file, or a problem where it is too large, empty, incomplete or from elsewhere */
export async function fetchAttachment(
  attachment: Attachment,
  { hosts, maxBytes, timeoutMs = 60_000 }: AttachmentOptions,
): Promise<FetchedFile | AttachmentProblem> {
  if (!isAllowedUrl(attachment.url, hosts)) {
    return { problem: 'it does not come from Discord, and Slashbox fetches files from nowhere else' };
  }
  if (attachment.size > maxBytes) return tooLarge(attachment.size, maxBytes);
  if (attachment.size === 0) return { problem: 'it is empty (0 bytes)' };

  const path = join(tmpdir(), `slashbox-${randomUUID()}`);
  const dispose = () => rm(path, { force: true });
  try {
    const response = await fetch(attachment.url, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok || !response.body) {
      return { problem: `Discord did not hand it over (HTTP ${response.status}): attach it again` };
    }
    const size = await save(response.body, path, maxBytes);
    if (size === attachment.size) return { path, size, dispose };
    await dispose();
    return size === 0
      ? { problem: 'it is empty (0 bytes)' }
      : {
          problem: `only ${formatBytes(size)} of ${formatBytes(attachment.size)} arrived: attach it again`,
        };
  } catch (error) {
    await dispose();
    if (error instanceof TooLargeError) return tooLarge(attachment.size, maxBytes);
    return { problem: 'it could not be fetched from Discord: attach it again' };
  }
}

/** @param hosts as in {@link AttachmentOptions} */
export function isAllowedUrl(url: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host, hostname, username, password } = new URL(url);
  if (username || password || !hosts.includes(host)) return false;
  if (isLoopback(hostname)) return protocol === 'http:' || protocol === 'https:';
  return protocol === 'https:' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);

const tooLarge = (size: number, limit: number): AttachmentProblem => ({
  problem: `it has ${formatBytes(size)}, and a file may have ${formatBytes(limit)} at most`,
});

async function save(body: ReadableStream, path: string, maxBytes: number): Promise<number> {
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > maxBytes ? new TooLargeError() : null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(body as never), count, createWriteStream(path, { mode: 0o600 }));
  return size;
}
