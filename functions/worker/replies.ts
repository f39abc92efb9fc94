/**
 * Edits the answer that Discord shows as "thinking…". Waits out the moment in which Discord does not know
 * the message yet, and falls back to plain content when it refuses the components.
 */
import { DiscordAPIError, HTTPError, REST } from '@discordjs/rest';
import type { Log } from '../shared/log.ts';
import { type MessageBody, type Reply, type ReplyFile, toClassic, toComponents } from './reply/message.ts';

export interface Replies {
  /** @throws the last error where Discord took neither form */
  edit(reply: Reply): Promise<void>;
}

export interface RepliesOptions {
  readonly rest: REST;
  readonly applicationId: string;
  readonly token: string;
  readonly log: Log;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const UNKNOWN_WEBHOOK = 10015;
const UNKNOWN_MESSAGE = 10008;
const TOO_LARGE = 40005;
const UPLOADS_LIMITED = 400001;
/** The worker may be faster than our own "thinking…" on its way to Discord: at most 3 s, says Discord. */
const PATIENCE_MS = [50, 100, 200, 400, 800, 1_500, 2_000];

/** @param apiBase as in DISCORD_API_BASE; undefined for Discord itself */
export function createRest(apiBase: string | undefined): REST {
  return new REST({
    version: '10',
    ...(apiBase && { api: apiBase.replace(/\/+$/, '') }),
    makeRequest: (url, init) => fetch(url, init as RequestInit) as never,
    retries: 1,
    timeout: 30_000,
    // Sleeping costs Lambda time: a wait of more than a few seconds is a failure.
    rejectOnRateLimit: ({ timeToReset }) => timeToReset > 10_000,
  });
}

export function createReplies({ rest, applicationId, token, log, wait = sleep }: RepliesOptions): Replies {
  const route = `/webhooks/${applicationId}/${encodeURIComponent(token)}/messages/@original` as const;

  return {
    async edit(reply) {
      try {
        await patch(toComponents(reply));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        log.warn('Discord refused the reply; sending it as plain content', {}, error);
        await patch(toClassic(isAboutFiles(error) ? withoutFiles(reply) : reply));
      }
    },
  };

  async function patch({ body, files }: { body: MessageBody; files: ReplyFile[] }): Promise<void> {
    const send = () => rest.patch(route, { auth: false, body, files: files.map(rawFile) });
    for (const pause of PATIENCE_MS) {
      try {
        await send();
        return;
      } catch (error) {
        if (!isNotThereYet(error)) throw error;
        await wait(pause);
      }
    }
    await send();
  }
}

const rawFile = ({ name, data, contentType }: ReplyFile) => ({ name, data: Buffer.from(data), contentType });

const isNotThereYet = (error: unknown): boolean =>
  error instanceof DiscordAPIError && (error.code === UNKNOWN_WEBHOOK || error.code === UNKNOWN_MESSAGE);

const isAboutFiles = (error: unknown): boolean =>
  (error instanceof DiscordAPIError && (error.code === TOO_LARGE || error.code === UPLOADS_LIMITED)) ||
  ((error instanceof DiscordAPIError || error instanceof HTTPError) && error.status === 413);

/** 400 and 413: the body; 500: Discord's own failure on bodies it cannot process. */
const isRefusal = (error: unknown): boolean =>
  (error instanceof DiscordAPIError &&
    (error.status === 400 || error.status === 413 || error.status === 403)) ||
  (error instanceof HTTPError && (error.status >= 500 || error.status === 413));

function withoutFiles(reply: Reply): Reply {
  const names = [...(reply.images ?? []), ...(reply.files ?? [])].map(({ name }) => name);
  return {
    ...reply,
    images: [],
    files: [],
    notes: [...(reply.notes ?? []), `Discord did not accept the files here: ${names.join(', ')}`],
  };
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
