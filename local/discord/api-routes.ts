/**
 * The routes of Discord's API that a bot without a gateway uses: commands, the first answer, and the
 * interaction's webhook. https://discord.com/developers/docs/interactions/receiving-and-responding#endpoints
 */

import type { Channel } from './channel.ts';
import { checkCommands } from './command-rules.ts';
import { DiscordError, unknownInteraction, unknownWebhook } from './errors.ts';
import type { Interaction, Interactions } from './interactions.ts';
import { isObject, type Json, objects } from './json.ts';
import { createRateLimiter } from './rate-limit.ts';
import { readBody, readJsonBody, type SentBody } from './request-body.ts';

export interface ApiRoutesOptions {
  readonly applicationId: string;
  readonly botToken: string;
  readonly now: () => number;
  readonly interactions: Interactions;
  readonly channel: Channel;
  readonly commands: { list(): readonly Json[]; replace(commands: readonly Json[]): readonly Json[] };
}

const ROOT = /^\/api\/v10(\/.*)$/;
const COMMANDS = /^\/applications\/(\d+)\/commands$/;
const CALLBACK = /^\/interactions\/(\d+)\/([^/]+)\/callback$/;
const WEBHOOK = /^\/webhooks\/(\d+)\/([^/]+)$/;
const WEBHOOK_MESSAGE = /^\/webhooks\/(\d+)\/([^/]+)\/messages\/(@original|\d+)$/;

/** @returns a handler that gives null for paths outside `/api/v10`; refusals are answers, never exceptions */
export function createApiRoutes(options: ApiRoutesOptions): (request: Request) => Promise<Response | null> {
  const limiter = createRateLimiter(options.now);
  return async (request) => {
    const url = new URL(request.url);
    const path = ROOT.exec(decodePath(url.pathname))?.[1];
    if (path === undefined) return null;
    let headers: Readonly<Record<string, string>> = {};
    try {
      const [, , token] = WEBHOOK.exec(path) ?? WEBHOOK_MESSAGE.exec(path) ?? [];
      if (token !== undefined) {
        const { refusal, headers: counted } = limiter.count(token);
        if (refusal) return refusal;
        headers = counted;
      }
      const response = await route(request, path, url.searchParams, options);
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
      return response;
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      const response = error.toResponse();
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
      return response;
    }
  };
}

/** Clients encode `@original` as `%40original`. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function route(
  request: Request,
  path: string,
  query: URLSearchParams,
  options: ApiRoutesOptions,
): Promise<Response> {
  const commands = COMMANDS.exec(path);
  if (commands) return commandsRoute(request, commands[1], options);
  const callback = CALLBACK.exec(path);
  if (callback) return callbackRoute(request, callback, query, options);
  const message = WEBHOOK_MESSAGE.exec(path);
  if (message) return messageRoute(request, message, options);
  const webhook = WEBHOOK.exec(path);
  if (webhook) return followUpRoute(request, webhook, query, options);
  throw new DiscordError(404, 0, '404: Not Found');
}

async function commandsRoute(
  request: Request,
  applicationId: string | undefined,
  { applicationId: own, botToken, commands }: ApiRoutesOptions,
): Promise<Response> {
  if (request.headers.get('authorization') !== `Bot ${botToken}`) {
    throw new DiscordError(401, 0, '401: Unauthorized');
  }
  if (applicationId !== own) throw new DiscordError(404, 10002, 'Unknown Application');
  if (request.method === 'GET') return Response.json(commands.list());
  if (request.method !== 'PUT') throw methodNotAllowed();
  return Response.json(commands.replace(checkCommands(await readJsonBody(request))));
}

async function callbackRoute(
  request: Request,
  [, id = '', token = '']: RegExpExecArray,
  query: URLSearchParams,
  { interactions, channel }: ApiRoutesOptions,
): Promise<Response> {
  if (request.method !== 'POST') throw methodNotAllowed();
  const interaction = interactions.find(id, token);
  if (!interaction || interaction.state === 'failed') throw unknownInteraction();
  const body = await readBody(request);
  const data = isObject(body.json.data) ? withTextIds(body.json.data) : body.json.data;
  const callback = await interactions.acknowledge(interaction, { ...body, json: { ...body.json, data } });
  if (query.get('with_response') !== 'true') return new Response(null, { status: 204 });
  const message = interaction.originalId ? channel.get(interaction.originalId) : undefined;
  return Response.json({
    interaction: { id, type: interaction.type, response_message_id: interaction.originalId },
    resource: { type: callback.type, ...(message && { message: channel.view(message) }) },
  });
}

async function messageRoute(
  request: Request,
  [, applicationId, token = '', messageId]: RegExpExecArray,
  options: ApiRoutesOptions,
): Promise<Response> {
  const { interactions, channel } = options;
  const interaction = webhookOf(applicationId, token, options);
  const id = messageId === '@original' ? undefined : messageId;
  switch (request.method) {
    case 'GET':
      return Response.json(channel.view(interactions.message(interaction, id)));
    case 'PATCH': {
      const message = await interactions.editMessage(interaction, id, await readMessageBody(request));
      return Response.json(channel.view(message));
    }
    case 'DELETE':
      interactions.removeMessage(interaction, id);
      return new Response(null, { status: 204 });
    default:
      throw methodNotAllowed();
  }
}

/** Interactions' webhooks always answer with the message; `wait` is taken and changes nothing. */
async function followUpRoute(
  request: Request,
  [, applicationId, token = '']: RegExpExecArray,
  query: URLSearchParams,
  options: ApiRoutesOptions,
): Promise<Response> {
  if (request.method !== 'POST') throw methodNotAllowed();
  const interaction = webhookOf(applicationId, token, options);
  if (query.has('thread_id')) throw new DiscordError(400, 50035, 'Invalid Form Body');
  const message = await options.interactions.followUp(interaction, await readMessageBody(request));
  return Response.json(options.channel.view(message));
}

function webhookOf(applicationId: string | undefined, token: string, options: ApiRoutesOptions): Interaction {
  if (applicationId !== options.applicationId) throw unknownWebhook();
  return options.interactions.byToken(token);
}

async function readMessageBody(request: Request): Promise<SentBody> {
  const body = await readBody(request);
  return { ...body, json: withTextIds(body.json) };
}

/** The schema wants attachment ids as text; the API takes numbers too. */
function withTextIds(json: Json): Json {
  if (!Array.isArray(json.attachments)) return json;
  const attachments = objects(json.attachments).map((entry) =>
    typeof entry.id === 'number' ? { ...entry, id: String(entry.id) } : entry,
  );
  return { ...json, attachments };
}

const methodNotAllowed = (): DiscordError => new DiscordError(405, 0, '405: Method Not Allowed');
