/** One interaction seen from outside: what was sent, what came back, and what the person reads in the end. */
import type {
  APIBaseInteraction,
  APIInteractionResponse,
  APIMessage,
  InteractionType,
} from 'discord-api-types/v10';
import type { Cdn } from './cdn.ts';
import type { Channel, Message } from './channel.ts';
import { textsOf } from './components.ts';
import type { EndpointAnswer } from './endpoint.ts';
import type { Interaction } from './interactions.ts';
import { asText, isObject, type Json, objects } from './json.ts';

export interface ReplyFile {
  readonly name: string;
  readonly size: number;
  readonly contentType: string | undefined;
  /** Alt text. */
  readonly description: string | undefined;
  /** Signed link to the fake CDN. */
  readonly url: string;
  bytes(): Promise<Uint8Array>;
}

export interface Failure {
  /** What Discord shows: "The application did not respond". */
  readonly shown: string;
  /** What really happened, for whoever looks into it. */
  readonly reason: string;
}

export interface ReplyOptions {
  /** Milliseconds until the wait ends with an error; 10,000 where not set. */
  readonly timeoutMs?: number;
  /** Which state of the message to wait for; the first that is not "thinking…" where not set. */
  readonly until?: (message: APIMessage) => boolean;
}

export interface Exchange {
  readonly id: string;
  readonly token: string;
  /** The body that was sent to the endpoint. */
  readonly sent: APIBaseInteraction<InteractionType, unknown>;
  /** The endpoint's HTTP answer; undefined where it did not come in time. */
  readonly http: EndpointAnswer | undefined;
  /** The first answer, inline or through the callback route. */
  readonly response: APIInteractionResponse | undefined;
  readonly failure: Failure | undefined;
  /** What Discord allows but a careful bot does not do; empty for a well-behaved one. */
  readonly warnings: readonly string[];
  /** `@original` as it is now; undefined where there is none, or it was deleted. */
  readonly message: APIMessage | undefined;
  readonly followUps: readonly APIMessage[];
  /** The only user who sees the answer; undefined where everybody does. */
  readonly visibleTo: string | undefined;
  /** For autocomplete. */
  readonly choices: readonly { readonly name: string; readonly value: string | number }[];
  /** For an answer of type 9: title, custom id and components. */
  readonly modal: Readonly<Json> | undefined;
  /**
   * Waits for the answer that the person came for.
   * @throws where the interaction failed, the answer was deleted, or nothing came in time
   */
  reply(options?: ReplyOptions): Promise<APIMessage>;
  /** All text of the answer: content, text displays and embeds, joined by line breaks. */
  messageText(): string;
  /** Files of the answer. */
  files(): readonly ReplyFile[];
}

export interface ExchangeParts {
  readonly interaction: Interaction;
  readonly sent: APIBaseInteraction<InteractionType, unknown>;
  readonly http: EndpointAnswer | undefined;
  readonly failure: Failure | undefined;
  readonly channel: Channel;
  readonly cdn: Cdn;
}

const DEFAULT_WAIT_MS = 10_000;

export function createExchange({ interaction, sent, http, failure, channel, cdn }: ExchangeParts): Exchange {
  const original = (): Message | undefined =>
    interaction.originalId ? channel.get(interaction.originalId) : undefined;
  const view = (): APIMessage | undefined => {
    const message = original();
    return message && channel.view(message);
  };
  const { callback } = interaction;
  return {
    id: interaction.frame.id,
    token: interaction.frame.token,
    sent,
    http,
    response: callback && ({ ...callback } as unknown as APIInteractionResponse),
    failure,
    warnings: interaction.warnings,
    get message() {
      return view();
    },
    get followUps() {
      return interaction.followUpIds.flatMap((id) => {
        const message = channel.get(id);
        return message ? [channel.view(message)] : [];
      });
    },
    get visibleTo() {
      return original()?.visibleTo;
    },
    choices: callback?.type === 8 ? (objects(callback.data.choices) as unknown as Exchange['choices']) : [],
    modal: callback?.type === 9 ? callback.data : undefined,
    reply: (options) => waitForReply(interaction, original, view, failure, options),
    messageText: () => textOf(view()),
    files: () => (original()?.draft.attachments ?? []).flatMap((plan) => replyFile(plan, cdn)),
  };
}

function waitForReply(
  interaction: Interaction,
  original: () => Message | undefined,
  view: () => APIMessage | undefined,
  failure: Failure | undefined,
  { timeoutMs = DEFAULT_WAIT_MS, until = () => true }: ReplyOptions = {},
): Promise<APIMessage> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      interaction.listeners.delete(look);
    };
    const look = (): void => {
      const message = original();
      if (failure) {
        end();
        reject(new Error(`${failure.shown}: ${failure.reason}`));
      } else if (!message) {
        end();
        reject(
          new Error('There is no answer to wait for: it was deleted, or the first answer was no message.'),
        );
      } else if (!message.thinking) {
        const seen = view();
        if (!seen || !until(seen)) return;
        end();
        resolve(seen);
      }
    };
    const timer = setTimeout(() => {
      end();
      const now = original()?.thinking ? 'still "thinking…"' : `"${textOf(view()).slice(0, 200)}"`;
      reject(new Error(`No reply within ${timeoutMs} ms; the message is ${now}.`));
    }, timeoutMs);
    interaction.listeners.add(look);
    look();
  });
}

/** @returns content, text displays and embeds, in reading order */
export function textOf(message: APIMessage | undefined): string {
  if (!message) return '';
  const embeds = objects(message.embeds).flatMap(({ title, description, fields, footer }) => [
    asText(title),
    asText(description),
    ...objects(fields).flatMap(({ name, value }) => [asText(name), asText(value)]),
    isObject(footer) ? asText(footer.text) : undefined,
  ]);
  return [message.content, ...textsOf(message.components), ...embeds].filter(Boolean).join('\n');
}

function replyFile({ file, description }: Message['draft']['attachments'][number], cdn: Cdn): ReplyFile[] {
  if (!file) return [];
  const { filename: name, size, contentType } = file;
  return [{ name, size, contentType, description, url: cdn.describe(file).url, bytes: () => file.bytes() }];
}
