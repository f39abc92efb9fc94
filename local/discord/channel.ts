/** The channel: its messages, who sees them, and those who listen for changes. */
import type { APIAttachment, APIMessage, APIUser } from 'discord-api-types/v10';
import type { AttachmentPlan } from './attachment-plan.ts';
import type { Cdn } from './cdn.ts';
import { COMPONENT, mediaOf, numberComponents, walk } from './components.ts';
import { asText, isObject, type Json } from './json.ts';
import { type Draft, FLAG } from './message-draft.ts';
import { CHANNEL_ID } from './people.ts';

export interface Message {
  readonly id: string;
  readonly author: APIUser;
  readonly createdAt: number;
  readonly editedAt?: number;
  readonly draft: Draft;
  /** The only user who sees it; everybody does where it is not set. */
  readonly visibleTo?: string;
  /** A deferred answer that has not been filled yet. */
  readonly thinking: boolean;
  /** The interaction that it answers. */
  readonly origin?: MessageOrigin;
}

export interface MessageOrigin {
  readonly interactionId: string;
  readonly interactionType: number;
  readonly user: APIUser;
  readonly commandName: string | undefined;
  readonly isFollowUp: boolean;
  readonly owners: Readonly<Record<string, string>>;
}

export type ChannelEvent =
  | {
      readonly kind: 'create' | 'update';
      readonly message: APIMessage;
      readonly visibleTo: string | undefined;
    }
  | { readonly kind: 'delete'; readonly id: string; readonly visibleTo: string | undefined };

export interface Channel {
  put(message: Message): void;
  get(id: string): Message | undefined;
  remove(id: string): void;
  /** Takes it out of sight, as dismissing does: the application can still edit it, unseen. */
  dismiss(id: string): void;
  /** @returns what the user sees, oldest first; everything where no user is named */
  list(viewer?: string): APIMessage[];
  view(message: Message): APIMessage;
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: ChannelEvent) => void): () => void;
}

/** A playground may run for days: older messages go, with their files. */
const MAX_MESSAGES = 500;

const MESSAGE_TYPE = { plain: 0, reply: 19, command: 20 } as const;

export function createChannel(cdn: Cdn): Channel {
  const messages = new Map<string, Message>();
  const dismissed = new Set<string>();
  const listeners = new Set<(event: ChannelEvent) => void>();
  const tell = (event: ChannelEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const view = (message: Message): APIMessage => viewMessage(message, cdn);
  const forgetOldest = (): void => {
    const [oldest] = messages.values();
    if (!oldest || messages.size <= MAX_MESSAGES) return;
    messages.delete(oldest.id);
    dismissed.delete(oldest.id);
    for (const { file } of oldest.draft.attachments) if (file) cdn.remove(file.id);
    tell({ kind: 'delete', id: oldest.id, visibleTo: oldest.visibleTo });
  };
  return {
    put(message) {
      const kind = messages.has(message.id) ? 'update' : 'create';
      messages.set(message.id, message);
      forgetOldest();
      if (!dismissed.has(message.id)) tell({ kind, message: view(message), visibleTo: message.visibleTo });
    },
    get: (id) => messages.get(id),
    remove(id) {
      const visibleTo = messages.get(id)?.visibleTo;
      if (messages.delete(id)) tell({ kind: 'delete', id, visibleTo });
    },
    dismiss(id) {
      dismissed.add(id);
      tell({ kind: 'delete', id, visibleTo: messages.get(id)?.visibleTo });
    },
    list: (viewer) =>
      [...messages.values()]
        .filter(({ id, visibleTo }) => !dismissed.has(id) && (!viewer || !visibleTo || visibleTo === viewer))
        .map(view),
    view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Links to files are made anew each time, as they expire. */
function viewMessage(message: Message, cdn: Cdn): APIMessage {
  const { id, author, createdAt, editedAt, draft, visibleTo, thinking, origin } = message;
  const attachments = draft.attachments.flatMap((plan) => describe(plan, cdn));
  const flags = draft.flags | (visibleTo ? FLAG.ephemeral : 0) | (thinking ? FLAG.loading : 0);
  const body = {
    id,
    type: origin ? (origin.isFollowUp ? MESSAGE_TYPE.reply : MESSAGE_TYPE.command) : MESSAGE_TYPE.plain,
    channel_id: CHANNEL_ID,
    author,
    content: draft.content,
    timestamp: new Date(createdAt).toISOString(),
    edited_timestamp: editedAt ? new Date(editedAt).toISOString() : null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments,
    embeds: draft.embeds.map((embed) => resolveEmbed(embed, attachments)),
    components: resolveMedia(numberComponents(draft.components), attachments),
    pinned: false,
    flags,
    ...(origin && { ...originOf(origin), application_id: author.id, webhook_id: author.id }),
  };
  return body as unknown as APIMessage;
}

function describe({ file, title, description, spoiler }: AttachmentPlan, cdn: Cdn): APIAttachment[] {
  if (!file) return [];
  const caption = { ...(title && { title }), ...(description && { description }) };
  return [{ ...cdn.describe(file), ...caption, ...(spoiler && { flags: 8 }) } as APIAttachment];
}

function originOf({ interactionId, interactionType, user, commandName, owners }: MessageOrigin) {
  const metadata = { id: interactionId, type: interactionType, user, authorizing_integration_owners: owners };
  return {
    interaction_metadata: metadata,
    ...(commandName && {
      interaction: { id: interactionId, type: interactionType, name: commandName, user },
    }),
  };
}

function resolveMedia(components: readonly Json[], attachments: readonly APIAttachment[]): readonly Json[] {
  for (const { media } of mediaOf(components)) Object.assign(media, lookUp(media.url, attachments));
  for (const { component } of walk(components)) {
    if (component.type !== COMPONENT.file || !isObject(component.file)) continue;
    const { attachment_id: id } = component.file;
    const found = attachments.find((attachment) => attachment.id === id);
    if (found) Object.assign(component, { name: found.filename, size: found.size });
  }
  return components;
}

function resolveEmbed(embed: Json, attachments: readonly APIAttachment[]): Json {
  const copy: Json = { type: 'rich', ...structuredClone(embed) };
  for (const part of [copy.image, copy.thumbnail]) {
    if (isObject(part)) Object.assign(part, lookUp(part.url, attachments));
  }
  return copy;
}

function lookUp(reference: unknown, attachments: readonly APIAttachment[]): Json {
  const name = /^attachment:\/\/(.*)$/s.exec(asText(reference) ?? '')?.[1];
  const found = attachments.find(({ filename }) => filename === name);
  if (!found) return {};
  const { id, url, proxy_url, width, height, content_type } = found;
  return { attachment_id: id, url, proxy_url, width, height, content_type };
}
