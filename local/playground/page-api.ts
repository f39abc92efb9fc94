/** The page's own API: what it shows, what a person does on it, and the stream of what happens. */
import * as z from 'zod';
import type { ChannelEvent } from '../discord/channel.ts';
import { ClientRefusal } from '../discord/errors.ts';
import type { Exchange } from '../discord/exchange.ts';
import type { FakeDiscord } from '../discord/fake-discord.ts';
import type { Activity } from './activity.ts';
import type {
  Health,
  PageAction,
  PageAnswer,
  PageCommand,
  PageEvent,
  PageModal,
  PageState,
  UploadAnswer,
} from './page-protocol.ts';

export interface PageApiOptions {
  readonly discord: FakeDiscord;
  readonly health: () => Health;
  readonly notices: readonly string[];
  readonly sendingDisabled: string | null;
  readonly activity?: Activity;
}

/** Modals that were opened and may still be submitted; the oldest are forgotten. */
const MAX_OPEN_MODALS = 100;
const HEARTBEAT_MS = 20_000;

const uploaded = z.strictObject({ uploadId: z.string().max(30) });
const options = z.record(z.string().max(32), z.union([z.string(), z.number(), z.boolean(), uploaded]));
const id = z.string().regex(/^\d{1,20}$/);
const action: z.ZodType<PageAction> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('command'), user: id, name: z.string(), options }),
  z.strictObject({ kind: z.literal('message-command'), user: id, name: z.string(), messageId: id }),
  z.strictObject({
    kind: z.literal('component'),
    user: id,
    messageId: id,
    customId: z.string(),
    values: z.array(z.string()).optional(),
  }),
  z.strictObject({
    kind: z.literal('modal'),
    user: id,
    modalId: id,
    values: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string()), z.null()])),
    files: z.record(z.string(), z.array(uploaded)),
  }),
  z.strictObject({
    kind: z.literal('autocomplete'),
    user: id,
    name: z.string(),
    options,
    focused: z.string(),
  }),
  z.strictObject({ kind: z.literal('post'), user: id, content: z.string(), attachments: z.array(uploaded) }),
  z.strictObject({ kind: z.literal('dismiss'), user: id, messageId: id }),
]) as z.ZodType<PageAction>;

/** @returns a handler that gives null for paths outside `/page/` */
export function createPageApi(api: PageApiOptions): (request: Request) => Promise<Response | null> {
  const modals = new Map<string, Exchange>();
  return async (request) => {
    const url = new URL(request.url);
    const user = api.discord.users.find((known) => known.id === url.searchParams.get('user'));
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /page/state':
        return Response.json(stateOf(api));
      case 'GET /page/events':
        return user ? stream(user.id, api) : refuse(400, 'There is no such user.');
      case 'POST /page/uploads':
        return Response.json(await upload(request, url.searchParams, api.discord));
      case 'POST /page/actions':
        return act(request, api, modals);
      default:
        return url.pathname.startsWith('/page/') ? refuse(404, 'There is nothing here.') : null;
    }
  };
}

function stateOf({ discord, health, notices, sendingDisabled }: PageApiOptions): PageState {
  return {
    users: discord.users.map(({ id: userId, global_name: name, username }) => ({
      id: userId,
      name: name ?? username,
    })),
    commands: discord.commands as unknown as readonly PageCommand[],
    notices,
    sendingDisabled,
    maxUploadBytes: discord.maxUploadBytes,
    health: health(),
  };
}

/**
 * Server-sent events: only what this user may see. The channel as it stands comes first, from the same moment as
 * the subscription: asked for separately, what happened in between would be lost.
 */
function stream(user: string, { discord, activity }: PageApiOptions): Response {
  const encoder = new TextEncoder();
  let end = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string): void => controller.enqueue(encoder.encode(text));
      const tell = (event: PageEvent): void => write(`data: ${JSON.stringify(event)}\n\n`);
      const unsubscribe = discord.subscribe((event) => {
        if (!event.visibleTo || event.visibleTo === user) tell(asPageEvent(event));
      });
      const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
      heartbeat.unref();
      const unsubscribeActivity = activity?.subscribe((text) =>
        tell({ kind: 'activity', text: text ?? null }),
      );
      end = () => {
        clearInterval(heartbeat);
        unsubscribe();
        unsubscribeActivity?.();
      };
      write('retry: 1000\n\n');
      tell({
        kind: 'channel',
        messages: discord.messages(user),
        activity: activity?.current ?? null,
      });
    },
    cancel: () => end(),
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
}

const asPageEvent = (event: ChannelEvent): PageEvent =>
  event.kind === 'delete' ? { kind: 'delete', id: event.id } : { kind: event.kind, message: event.message };

async function upload(request: Request, query: URLSearchParams, discord: FakeDiscord): Promise<UploadAnswer> {
  const name = query.get('name') ?? '';
  if (!name) return { ok: false, shown: 'The file has no name.' };
  const body = request.body ?? new Blob([]).stream();
  try {
    const file = await discord.stageUpload(name, query.get('type') || undefined, body);
    return { ok: true, uploadId: file.id, filename: file.filename, size: file.size };
  } catch (error) {
    return { ok: false, shown: wordsOf(error) };
  }
}

async function act(
  request: Request,
  { discord, sendingDisabled }: PageApiOptions,
  modals: Map<string, Exchange>,
): Promise<Response> {
  const parsed = action.safeParse(await request.json().catch(() => undefined));
  if (!parsed.success)
    return refuse(400, `The page sent what its server does not know: ${parsed.error.message}`);
  const given = parsed.data;
  const isPlain = given.kind === 'post' || given.kind === 'dismiss';
  if (sendingDisabled && !isPlain) return Response.json({ ok: false, shown: sendingDisabled });
  try {
    return Response.json(await carryOut(given, discord, modals));
  } catch (error) {
    return Response.json({ ok: false, shown: wordsOf(error) } satisfies PageAnswer);
  }
}

async function carryOut(
  given: PageAction,
  discord: FakeDiscord,
  modals: Map<string, Exchange>,
): Promise<PageAnswer> {
  switch (given.kind) {
    case 'command':
      return answerOf(await discord.invokeCommand(given), modals);
    case 'message-command':
      return answerOf(await discord.invokeMessageCommand(given), modals);
    case 'component': {
      const { values, ...rest } = given;
      return answerOf(await discord.clickButton({ ...rest, ...(values && { values }) }), modals);
    }
    case 'autocomplete':
      return answerOf(await discord.autocomplete(given), modals);
    case 'modal': {
      const opened = modals.get(given.modalId);
      if (!opened) throw new ClientRefusal('This form is too old. Open it again.');
      const { user, values, files } = given;
      const answer = answerOf(await discord.submitModal(opened, { user, values, files }), modals);
      if (answer.ok) modals.delete(given.modalId);
      return answer;
    }
    case 'post':
      await discord.postMessage(given);
      return { ok: true };
    case 'dismiss':
      discord.dismiss(given.messageId, given.user);
      return { ok: true };
  }
}

function answerOf(exchange: Exchange, modals: Map<string, Exchange>): PageAnswer {
  const { failure, modal, choices } = exchange;
  if (failure) return { ok: false, shown: failure.shown, reason: failure.reason };
  if (!modal) return { ok: true, choices };
  modals.set(exchange.id, exchange);
  for (const oldest of modals.keys()) if (modals.size > MAX_OPEN_MODALS) modals.delete(oldest);
  const { title, components } = modal as unknown as PageModal;
  return { ok: true, modal: { id: exchange.id, title, components } };
}

/** Refusals are for the person; anything else is ours, and belongs into the log with its cause. */
function wordsOf(error: unknown): string {
  if (error instanceof ClientRefusal) return error.message;
  throw error;
}

const refuse = (status: number, message: string): Response => Response.json({ message }, { status });
