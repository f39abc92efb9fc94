/**
 * A Discord in one process: signs interactions as Discord does, keeps its rules, and refuses what it
 * refuses. Mount {@link FakeDiscord.handle} on any HTTP server, or use `serveFakeDiscord`.
 */
import type { APIMessage, APIUser } from 'discord-api-types/v10';
import { createApiRoutes } from './api-routes.ts';
import { INTERACTION } from './callback-rules.ts';
import { createCdn, type StoredFile } from './cdn.ts';
import { type ChannelEvent, createChannel } from './channel.ts';
import { type CommandInput, prepareCommand } from './command-input.ts';
import { checkCommands } from './command-rules.ts';
import { findUsable } from './component-input.ts';
import { createDelivery } from './delivery.ts';
import { type CallEndpoint, createEndpointCaller, type EndpointAnswer } from './endpoint.ts';
import { ClientRefusal } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { type Install, interactionBody, type Place, pingBody } from './interaction-body.ts';
import { createInteractions } from './interactions.ts';
import type { Json } from './json.ts';
import { EMPTY_DRAFT } from './message-draft.ts';
import { type ModalInput, prepareModal } from './modal-input.ts';
import { CHANNEL_ID, createPeople } from './people.ts';
import { createSigningKey, importSigningKey } from './signing-key.ts';
import { createSnowflakes } from './snowflake.ts';
import { type AttachmentInput, createUploads } from './uploads.ts';

export interface FakeDiscordOptions {
  /** A snowflake. */
  readonly applicationId: string;
  /** Where interactions are sent: the URL of the application's endpoint. */
  readonly endpoint: () => string;
  /** Where the server that mounts `handle` is reached, without a slash at the end: links to files use it. */
  readonly origin: () => string;
  /** What `Authorization: Bot …` must carry to register commands. */
  readonly botToken?: string;
  /** From {@link FakeDiscord.exportKey}; a new key pair where not set. */
  readonly signingKey?: string;
  /** Unix milliseconds. */
  readonly clock?: () => number;
  /** Bytes that one file of a reply may have; Discord's default is 10 MiB. */
  readonly attachmentSizeLimit?: number;
  /** Bytes that one file of a user may have; 500 MiB, as with Nitro, where not set. */
  readonly maxUploadBytes?: number;
  /** Milliseconds for the first answer; Discord's 3,000 where not set. */
  readonly answerDeadlineMs?: number;
}

/** Who acts, and where; the first user, in the server, where not set. */
export interface Acting {
  readonly user?: string;
  readonly place?: Place;
  readonly install?: Install;
  readonly locale?: string;
  /** Overrides the fake's, in bytes. */
  readonly attachmentSizeLimit?: number;
}

export interface ComponentInput extends Acting {
  readonly messageId: string;
  /** One of the two says which. */
  readonly customId?: string;
  readonly label?: string;
  /** For a select menu: the chosen values. */
  readonly values?: readonly string[];
}

export interface FakeDiscord {
  readonly applicationId: string;
  /** 64 hex digits: the application's DISCORD_PUBLIC_KEY. */
  readonly publicKey: string;
  readonly botToken: string;
  readonly channelId: string;
  /** Bytes that one file of a user may have. */
  readonly maxUploadBytes: number;
  readonly users: readonly APIUser[];
  addUser(name: string): APIUser;
  /** The private key in PEM: hand it to `signingKey` at the next start. */
  exportKey(): string;

  /** Registers as the API's PUT does. @throws DiscordError */
  registerCommands(commands: unknown): void;
  readonly commands: readonly Json[];

  /** `/name` with options. @throws ClientRefusal for what Discord's client would not send */
  invokeCommand(input: CommandInput & Acting): Promise<Exchange>;
  /** A command of a message's context menu. */
  invokeMessageCommand(
    input: { readonly name: string; readonly messageId: string } & Acting,
  ): Promise<Exchange>;
  /** @param modal the exchange whose answer opened the modal */
  submitModal(modal: Exchange, input?: ModalInput & Acting): Promise<Exchange>;
  clickButton(input: ComponentInput): Promise<Exchange>;
  /** What Discord asks while a person types; the answer's `choices` say what to offer. */
  autocomplete(input: CommandInput & Acting & { readonly focused: string }): Promise<Exchange>;

  /** A person's ordinary message. */
  postMessage(input: {
    readonly user?: string;
    readonly content?: string;
    readonly attachments?: readonly AttachmentInput[];
  }): Promise<APIMessage>;
  /** @param viewer a user's id; everything, whoever may see it, where not set */
  messages(viewer?: string): APIMessage[];
  /** @throws ClientRefusal for a message that is not the user's alone */
  dismiss(messageId: string, user?: string): void;
  subscribe(listener: (event: ChannelEvent) => void): () => void;
  stageUpload(
    name: string,
    contentType: string | undefined,
    body: ReadableStream<Uint8Array>,
  ): Promise<StoredFile>;

  /** Anything, signed: to make forged, stale, truncated, oversized and non-JSON requests. */
  signedRequest: CallEndpoint;
  ping(): Promise<EndpointAnswer>;
  /**
   * What Discord does when an endpoint is saved, and again from time to time: a ping, and a forged one.
   * @throws where the endpoint fails either
   */
  saveEndpoint(): Promise<void>;

  /** Serves `/api/v10/…` and the CDN. @returns null for other paths */
  handle(request: Request): Promise<Response | null>;
  /** Removes uploads from disk. */
  close(): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;

export function createFakeDiscord(options: FakeDiscordOptions): FakeDiscord {
  const { applicationId, clock: now = Date.now, botToken = 'local.playground.token' } = options;
  const key = options.signingKey ? importSigningKey(options.signingKey) : createSigningKey();
  const newId = createSnowflakes(now);
  const people = createPeople(applicationId, newId);
  const cdn = createCdn({ now, newId, channelId: CHANNEL_ID, origin: options.origin });
  const uploads = createUploads(cdn, options.maxUploadBytes ?? 500 * MEBIBYTE);
  const channel = createChannel(cdn);
  const interactions = createInteractions({ now, newId, channel, cdn, bot: people.bot });
  const call = createEndpointCaller(options.endpoint, key, now);
  const { answerDeadlineMs = 3_000 } = options;
  const deliver = createDelivery({ call, interactions, channel, cdn, answerDeadlineMs });
  let commands: readonly Json[] = [];
  const replaceCommands = (checked: readonly Json[]): readonly Json[] => {
    commands = checked.map((command) => ({
      ...command,
      id: newId(),
      application_id: applicationId,
      version: newId(),
    }));
    return commands;
  };
  const api = createApiRoutes({
    applicationId,
    botToken,
    now,
    interactions,
    channel,
    commands: { list: () => commands, replace: replaceCommands },
  });

  const send = (
    type: number,
    { user, place = 'guild', install = 'guild', locale = 'en-GB', attachmentSizeLimit }: Acting,
    context: { readonly commandName?: string | undefined; readonly sourceMessageId?: string | undefined },
    body: Readonly<Json>,
  ): Promise<Exchange> => {
    const limit = attachmentSizeLimit ?? options.attachmentSizeLimit ?? 10 * MEBIBYTE;
    const frame = { applicationId, place, install, locale, attachmentSizeLimit: limit };
    const actor = people.get(user ?? people.list[0]?.id ?? '');
    const interaction = interactions.open({ type, user: actor, frame, ...context });
    return deliver(interaction, interactionBody(interaction.frame, type, body));
  };
  const seen = (messageId: string, user: string | undefined) => {
    const message = channel.get(messageId);
    const viewer = user ?? people.list[0]?.id;
    if (!message || (message.visibleTo && message.visibleTo !== viewer)) {
      throw new ClientRefusal('This message does not exist, or you cannot see it.');
    }
    return message;
  };

  return {
    applicationId,
    publicKey: key.publicKey,
    botToken,
    channelId: CHANNEL_ID,
    maxUploadBytes: uploads.maxBytes,
    users: people.list,
    addUser: people.add,
    exportKey: key.exportKey,
    registerCommands: (given) => void replaceCommands(checkCommands(given)),
    get commands() {
      return commands;
    },
    async invokeCommand(input) {
      const { data, title } = await prepareCommand(commands, input, uploads);
      return send(INTERACTION.command, input, { commandName: title }, { data });
    },
    async invokeMessageCommand({ name, messageId, ...acting }) {
      const command = commands.find((candidate) => candidate.name === name && candidate.type === 3);
      if (!command) throw new ClientRefusal(`There is no message command "${name}".`);
      const message = channel.view(seen(messageId, acting.user));
      const resolved = { messages: { [messageId]: message } };
      const data = { id: command.id, name, type: 3, target_id: messageId, resolved };
      return send(INTERACTION.command, acting, { commandName: name }, { data });
    },
    async submitModal(modal, input = {}) {
      if (!modal.modal) throw new ClientRefusal('This answer opened no modal.');
      const data = await prepareModal(modal.modal, input, uploads);
      const opened = interactions.find(modal.id, modal.token);
      const { commandName, sourceMessageId, frame } = opened ?? {};
      const source = sourceMessageId ? channel.get(sourceMessageId) : undefined;
      const acting = {
        user: frame?.user.id,
        place: frame?.place,
        install: frame?.install,
        ...input,
      } as Acting;
      return send(
        INTERACTION.modal,
        acting,
        { commandName, sourceMessageId: source?.id },
        {
          data,
          ...(source && { message: channel.view(source) }),
        },
      );
    },
    async clickButton({ messageId, customId, label, values, ...acting }) {
      const message = seen(messageId, acting.user);
      const data = findUsable(message.draft.components, { customId, label, values });
      return send(
        INTERACTION.component,
        acting,
        { sourceMessageId: messageId },
        {
          data,
          message: channel.view(message),
        },
      );
    },
    async autocomplete(input) {
      const { data } = await prepareCommand(commands, input, uploads, input.focused);
      return send(INTERACTION.autocomplete, input, {}, { data });
    },
    async postMessage({ user, content = '', attachments = [] }) {
      const files = await Promise.all(attachments.map(uploads.store));
      if (!content && files.length === 0) throw new ClientRefusal('An empty message cannot be sent.');
      if (content.length > 2_000)
        throw new ClientRefusal('Your message is too long: 2,000 characters at most.');
      const plan = files.map((file) => ({
        filename: file.filename,
        title: file.title,
        description: undefined,
        spoiler: false,
        file,
        sent: undefined,
      }));
      const author = people.get(user ?? people.list[0]?.id ?? '');
      const draft = { ...EMPTY_DRAFT, content, attachments: plan };
      const message = { id: newId(), author, createdAt: now(), draft, thinking: false };
      channel.put(message);
      return channel.view(message);
    },
    messages: channel.list,
    dismiss(messageId, user) {
      if (!seen(messageId, user).visibleTo)
        throw new ClientRefusal('Only messages that you alone see can be dismissed.');
      channel.dismiss(messageId);
    },
    subscribe: channel.subscribe,
    stageUpload: uploads.stage,
    signedRequest: call,
    ping: () => call(pingBody(newId(), newId(), applicationId)),
    async saveEndpoint() {
      const body = pingBody(newId(), newId(), applicationId);
      const answer = await call(body);
      if (answer.status !== 200 || (JSON.parse(answer.text) as Json).type !== 1) {
        throw new Error(`The endpoint answered a ping with ${answer.status} ${answer.text}, not {"type":1}.`);
      }
      const forged = await call(body, {
        tamper: (request) => ({
          ...request,
          headers: { ...request.headers, 'x-signature-ed25519': '0'.repeat(128) },
        }),
      });
      if (forged.status !== 401) {
        throw new Error(`The endpoint answered a forged signature with ${forged.status}, not 401.`);
      }
    },
    handle: async (request) => (await api(request)) ?? (await cdn.handle(request)),
    close: uploads.close,
  };
}
