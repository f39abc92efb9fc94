/** Sends an interaction to the endpoint and takes in its first answer, or notes why there is none. */
import type { APIBaseInteraction, InteractionType } from 'discord-api-types/v10';
import { INTERACTION } from './callback-rules.ts';
import type { Cdn } from './cdn.ts';
import type { Channel } from './channel.ts';
import type { CallEndpoint, EndpointAnswer } from './endpoint.ts';
import { DiscordError } from './errors.ts';
import { createExchange, type Exchange } from './exchange.ts';
import type { Interaction, Interactions } from './interactions.ts';
import { isObject, type Json } from './json.ts';

export interface DeliveryOptions {
  readonly call: CallEndpoint;
  readonly interactions: Interactions;
  readonly channel: Channel;
  readonly cdn: Cdn;
  /** Milliseconds; Discord's are 3,000. */
  readonly answerDeadlineMs: number;
}

export type Deliver = (
  interaction: Interaction,
  body: APIBaseInteraction<InteractionType, unknown>,
) => Promise<Exchange>;

const SHOWN: Readonly<Record<number, string>> = {
  [INTERACTION.command]: 'The application did not respond',
  [INTERACTION.component]: 'This interaction failed',
  [INTERACTION.autocomplete]: 'Loading options failed',
  [INTERACTION.modal]: 'Something went wrong. Try again.',
};

export function createDelivery(options: DeliveryOptions): Deliver {
  const { interactions, channel, cdn } = options;
  return async (interaction, sent) => {
    let http: EndpointAnswer | undefined;
    let reason: string | undefined;
    try {
      const signal = AbortSignal.timeout(options.answerDeadlineMs);
      http = await options.call(sent, { signal });
      await takeAnswer(interaction, http, signal, interactions);
    } catch (error) {
      reason = describe(error, options.answerDeadlineMs);
      interactions.fail(interaction);
    }
    const failure = reason
      ? { shown: SHOWN[interaction.type] ?? 'This interaction failed', reason }
      : undefined;
    return createExchange({ interaction, sent, http, failure, channel, cdn });
  };
}

async function takeAnswer(
  interaction: Interaction,
  { status, contentType, text }: EndpointAnswer,
  signal: AbortSignal,
  interactions: Interactions,
): Promise<void> {
  if (status === 202 && text === '') return untilAcknowledged(interaction, signal);
  if (status !== 200) throw new Error(`The endpoint answered ${status}: ${text.slice(0, 500)}`);
  if (!/^application\/json\b/i.test(contentType)) {
    throw new Error(`The endpoint's Content-Type is "${contentType}", not application/json.`);
  }
  const json: unknown = JSON.parse(text);
  if (!isObject(json)) throw new Error('The endpoint answered with JSON that is not an object.');
  if (interaction.state === 'acknowledged') {
    interaction.warnings.push(
      'the endpoint answered inline after the callback route: the second one is lost.',
    );
    return;
  }
  await interactions.acknowledge(interaction, { json: json as Json, files: [] });
}

/** 202 without a body says that the answer comes through the callback route. */
function untilAcknowledged(interaction: Interaction, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (interaction.callback) end(resolve);
    };
    const giveUp = (): void => end(() => reject(signal.reason));
    const end = (settle: () => void): void => {
      interaction.listeners.delete(look);
      signal.removeEventListener('abort', giveUp);
      settle();
    };
    interaction.listeners.add(look);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    else look();
  });
}

function describe(error: unknown, deadlineMs: number): string {
  if (error instanceof DiscordError) return `Discord refuses the first answer: ${error.detail}`;
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `No answer within ${deadlineMs} ms.`;
  if (error instanceof SyntaxError) return `The endpoint's answer is not JSON: ${error.message}`;
  if (error instanceof TypeError)
    return `The endpoint cannot be reached: ${String(error.cause ?? error.message)}`;
  return error instanceof Error ? error.message : String(error);
}
