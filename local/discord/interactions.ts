/** The life of an interaction: opened, acknowledged once, edited and followed up for 15 minutes. */
import { randomBytes } from 'node:crypto';
import type { APIUser } from 'discord-api-types/v10';
import { CALLBACK, type Callback, checkCallback } from './callback-rules.ts';
import type { Cdn } from './cdn.ts';
import type { Channel, Message, MessageOrigin } from './channel.ts';
import { alreadyAcknowledged, DiscordError, invalidToken, unknownMessage, unknownWebhook } from './errors.ts';
import { type InteractionFrame, ownersOf } from './interaction-body.ts';
import type { Json } from './json.ts';
import { changeDraft, EMPTY_DRAFT, FLAG } from './message-draft.ts';
import type { SentBody, SentFile } from './request-body.ts';
import { validate } from './spec.ts';

export interface Interaction {
  readonly frame: InteractionFrame;
  readonly type: number;
  readonly openedAt: number;
  /** The words behind the slash, also for a modal that a command opened. */
  readonly commandName: string | undefined;
  /** The message whose component was used. */
  readonly sourceMessageId: string | undefined;
  state: 'pending' | 'acknowledged' | 'failed';
  callback: Callback | undefined;
  /** What `@original` is. */
  originalId: string | undefined;
  readonly followUpIds: string[];
  /** What Discord allows but a careful bot does not do. */
  readonly warnings: string[];
  /** Told after every change. */
  readonly listeners: Set<() => void>;
}

export interface NewInteraction {
  readonly type: number;
  readonly user: APIUser;
  readonly frame: Omit<InteractionFrame, 'id' | 'token' | 'user'>;
  readonly commandName?: string | undefined;
  readonly sourceMessageId?: string | undefined;
}

export interface Interactions {
  open(input: NewInteraction): Interaction;
  /** @throws DiscordError 10015, 50027 where the token is unknown, not yet usable or over */
  byToken(token: string): Interaction;
  /** For the callback route, which comes before the interaction is acknowledged. */
  find(id: string, token: string): Interaction | undefined;
  /** The first answer. @throws DiscordError 40060 for a second one */
  acknowledge(interaction: Interaction, body: SentBody): Promise<Callback>;
  fail(interaction: Interaction): void;
  editMessage(interaction: Interaction, messageId: string | undefined, body: SentBody): Promise<Message>;
  followUp(interaction: Interaction, body: SentBody): Promise<Message>;
  removeMessage(interaction: Interaction, messageId: string | undefined): void;
  /** @throws DiscordError 10008 where it is not a message of this interaction */
  message(interaction: Interaction, messageId: string | undefined): Message;
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages */
const TOKEN_LIFETIME_MS = 15 * 60_000;
/** Long enough that a late client still reads "Invalid Webhook Token" instead of "Unknown Webhook". */
const REMEMBERED_MS = 60 * 60_000;
/** Without the application in the server: same page. */
const MAX_USER_INSTALL_FOLLOW_UPS = 5;

interface InteractionsOptions {
  readonly now: () => number;
  readonly newId: () => string;
  readonly channel: Channel;
  readonly cdn: Cdn;
  readonly bot: APIUser;
}

export function createInteractions({ now, newId, channel, cdn, bot }: InteractionsOptions): Interactions {
  const all = new Map<string, Interaction>();
  const changed = ({ listeners }: Interaction): void => {
    for (const listener of [...listeners]) listener();
  };
  const forgetOld = (): void => {
    for (const [token, { openedAt }] of all) {
      if (now() - openedAt <= REMEMBERED_MS) return;
      all.delete(token);
    }
  };
  const originOf = (interaction: Interaction, isFollowUp: boolean): MessageOrigin => ({
    interactionId: interaction.frame.id,
    interactionType: interaction.type,
    user: interaction.frame.user,
    commandName: interaction.commandName,
    isFollowUp,
    owners: ownersOf(interaction.frame),
  });
  const newMessage = (interaction: Interaction, flags: number, isFollowUp = false): Message => ({
    id: newId(),
    author: bot,
    createdAt: now(),
    draft: EMPTY_DRAFT,
    ...((flags & FLAG.ephemeral) !== 0 && { visibleTo: interaction.frame.user.id }),
    thinking: false,
    origin: originOf(interaction, isFollowUp),
  });
  const write = async (
    interaction: Interaction,
    message: Message,
    { json, files }: SentBody,
    isEdit: boolean,
  ): Promise<Message> => {
    const draft = await changeDraft(message.draft, json, files, {
      cdn,
      fileLimit: interaction.frame.attachmentSizeLimit,
      ephemeral: message.visibleTo !== undefined,
      isEdit,
      warn: (warning) => interaction.warnings.push(warning),
    });
    const written: Message = { ...message, draft, thinking: false, ...(isEdit && { editedAt: now() }) };
    channel.put(written);
    return written;
  };

  const api: Interactions = {
    open({ type, user, frame, commandName, sourceMessageId }) {
      const id = newId();
      const token = randomBytes(96).toString('base64url');
      const interaction: Interaction = {
        frame: { ...frame, user, id, token },
        type,
        openedAt: now(),
        commandName,
        sourceMessageId,
        state: 'pending',
        callback: undefined,
        originalId: undefined,
        followUpIds: [],
        warnings: [],
        listeners: new Set(),
      };
      all.set(token, interaction);
      forgetOld();
      return interaction;
    },
    byToken(token) {
      const interaction = all.get(token);
      if (interaction?.state !== 'acknowledged') throw unknownWebhook();
      if (now() - interaction.openedAt > TOKEN_LIFETIME_MS) throw invalidToken();
      return interaction;
    },
    find: (id, token) => {
      const interaction = all.get(token);
      return interaction?.frame.id === id ? interaction : undefined;
    },
    async acknowledge(interaction, { json, files }) {
      if (interaction.state !== 'pending') throw alreadyAcknowledged();
      const callback = checkCallback(interaction.type, json, interaction.sourceMessageId !== undefined);
      // Claimed before anything is awaited: of two answers at the same moment one is refused.
      interaction.state = 'acknowledged';
      try {
        interaction.originalId = await applyCallback(interaction, callback, files);
      } catch (error) {
        interaction.state = 'pending';
        throw error;
      }
      interaction.callback = callback;
      changed(interaction);
      return callback;
    },
    fail(interaction) {
      interaction.state = 'failed';
      changed(interaction);
    },
    message(interaction, messageId) {
      const { originalId, followUpIds } = interaction;
      const id = messageId ?? originalId;
      const isOwn = id === originalId || followUpIds.includes(id ?? '');
      const message = isOwn && id ? channel.get(id) : undefined;
      if (!message) throw unknownMessage();
      return message;
    },
    async editMessage(interaction, messageId, body) {
      validate('editMessage', body.json);
      const message = api.message(interaction, messageId);
      const written = await write(interaction, message, body, true);
      changed(interaction);
      return written;
    },
    async followUp(interaction, body) {
      validate('followUp', body.json);
      const original = interaction.originalId ? channel.get(interaction.originalId) : undefined;
      if (original?.thinking) {
        interaction.warnings.push(
          'a follow-up filled the deferred answer: deprecated, edit @original instead.',
        );
        const written = await write(interaction, original, body, false);
        changed(interaction);
        return written;
      }
      const isLimited = interaction.frame.install === 'user';
      if (isLimited && interaction.followUpIds.length >= MAX_USER_INSTALL_FOLLOW_UPS) {
        throw new DiscordError(
          400,
          40094,
          'Cannot send more follow-up messages: 5 for a user-installed app.',
        );
      }
      const message = newMessage(interaction, Number(body.json.flags ?? 0), true);
      const written = await write(interaction, message, body, false);
      interaction.followUpIds.push(written.id);
      changed(interaction);
      return written;
    },
    removeMessage(interaction, messageId) {
      channel.remove(api.message(interaction, messageId).id);
      changed(interaction);
    },
  };

  /** @returns the id of the message that `@original` means from now on */
  async function applyCallback(
    interaction: Interaction,
    { type, data }: Callback,
    files: readonly SentFile[],
  ): Promise<string | undefined> {
    const flags = Number(data.flags ?? 0);
    if (type === CALLBACK.deferredMessage) {
      const message = { ...newMessage(interaction, flags), thinking: true };
      channel.put(message);
      return message.id;
    }
    if (type === CALLBACK.message) {
      const json: Json = { ...data };
      return (await write(interaction, newMessage(interaction, flags), { json, files }, false)).id;
    }
    if (type === CALLBACK.update) {
      const source = channel.get(interaction.sourceMessageId ?? '');
      if (!source) throw unknownMessage();
      return (await write(interaction, source, { json: data, files }, true)).id;
    }
    return type === CALLBACK.deferredUpdate ? interaction.sourceMessageId : undefined;
  }

  return api;
}
